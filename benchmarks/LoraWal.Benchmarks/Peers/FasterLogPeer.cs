using System.Runtime.CompilerServices;
using FASTER.core;

namespace LoraWal.Benchmarks.Peers;

/// <summary>FasterLog, tuned: the defaults write and sync a metadata file with every commit, at a quarter of the
/// rate.</summary>
internal sealed class FasterLogPeer : IContender
{
    /// <summary>As much as LoraWal may hold: two buffers of 64 MiB. The default of 8 MiB makes enqueues wait.</summary>
    private const long MemoryBytes = 128L * 1024 * 1024;

    public string Name => "FasterLog";

    public ContenderFacts Facts { get; } = new(
        "Microsoft.FASTER.Core 2.6.5",
        "`FastCommitMode`, commit throttle 1000, `LogChecksum = PerEntry`, 128 MiB of memory; many writers: a thread that commits; "
        + "relaxed: a commit every 50 ms",
        "off by default; on here",
        "not noticed: the platform's flush hides it");

    public bool Keeps(Promise promise) => promise is Promise.Durable or Promise.Buffered;

    public ILog Open(string directory, Promise promise) => new Log(directory, promise);

    private sealed class Log : StoreLog
    {
        private readonly IDevice _device;
        private readonly DeviceLogCommitCheckpointManager _commits;
        private readonly FasterLog _log;
        private readonly Promise _promise;
        private readonly Lazy<Thread> _committer;
        private volatile bool _isClosing;

        public Log(string directory, Promise promise)
        {
            Directory.CreateDirectory(directory);
            _promise = promise;
            _device = Devices.CreateLogDevice(Path.Combine(directory, "log"));
            _commits = new DeviceLogCommitCheckpointManager(
                new LocalStorageNamedDeviceFactory(),
                new DefaultCheckpointNamingScheme(Path.Combine(directory, "commits")),
                removeOutdated: true,
                fastCommitThrottleFreq: 1000);
            _log = new FasterLog(new FasterLogSettings
            {
                LogDevice = _device,
                LogCommitManager = _commits,
                LogChecksum = LogChecksumType.PerEntry,
                FastCommitMode = true,
                MemorySize = MemoryBytes,
            });
            _committer = new Lazy<Thread>(StartCommitter);
            if (promise != Promise.Durable)
            {
                SyncInBackground(() => _log.Commit(spinWait: true));
            }
        }

        public override void Append(byte[] payload)
        {
            _log.Enqueue(payload);
            if (_promise == Promise.Durable)
            {
                _log.Commit(spinWait: true);
            }
        }

        public override ValueTask<Lsn> AppendAsync(byte[] payload)
        {
            if (_promise != Promise.Durable)
            {
                _log.Enqueue(payload);
                return new ValueTask<Lsn>(Lsn.None);
            }

            _ = _committer.Value;
            return WaitAsync(_log.Enqueue(payload));
        }

        public override void AppendMany(byte[] payload, int count)
        {
            for (int i = 0; i < count; i++)
            {
                _log.Enqueue(payload);
            }

            if (_promise == Promise.Durable)
            {
                _log.Commit(spinWait: true);
            }
        }

        public override unsafe (long Records, long Sum) Replay(long most)
        {
            long records = 0;
            long sum = 0;
            using FasterLogScanIterator scan = _log.Scan(_log.BeginAddress, _log.TailAddress);
            while (records < most && scan.UnsafeGetNext(out byte* entry, out int length, out _, out _))
            {
                sum += length + entry[0];
                records++;
                scan.UnsafeRelease();
            }

            return (records, sum);
        }

        protected override void CommitAll(List<byte[]> payloads) => throw new NotSupportedException();

        protected override void Close()
        {
            _isClosing = true;
            if (_committer.IsValueCreated)
            {
                _committer.Value.Join();
            }

            _log.Commit(spinWait: true);
            _log.Dispose();
            _device.Dispose();
            _commits.Dispose();
        }

        private Thread StartCommitter()
        {
            var thread = new Thread(() =>
            {
                var spin = default(SpinWait);
                while (!_isClosing)
                {
                    if (_log.TailAddress > _log.CommittedUntilAddress)
                    {
                        _log.Commit(spinWait: true);
                        spin.Reset();
                    }
                    else
                    {
                        spin.SpinOnce(sleep1Threshold: -1);
                    }
                }
            })
            {
                IsBackground = true,
                Name = "committer",
            };
            thread.Start();
            return thread;
        }

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        private async ValueTask<Lsn> WaitAsync(long address)
        {
            await _log.WaitForCommitAsync(address + 1).ConfigureAwait(false);
            return Lsn.None;
        }
    }
}

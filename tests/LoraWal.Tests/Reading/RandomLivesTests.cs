using LoraWal.TestSupport;
using LoraWal.Tests.Promises;
using Xunit.Sdk;
using static LoraWal.Tests.Promises.LogVerbs;

namespace LoraWal.Tests.Reading;

/// <summary>A following reader beside a writer that may do anything between any two of its calls.</summary>
public class RandomLivesTests
{
    private const int Lives = 40;
    private const int Polls = 60;

    [Fact]
    public async Task A_follower_yields_every_durable_record_once_and_nothing_else_whatever_the_writer_does()
    {
        int records = 0;
        int restarts = 0;
        for (int seed = 1; seed <= Lives; seed++)
        {
            Life life = new(seed);
            try
            {
                await life.RunAsync();
            }
            catch (Exception failure) when (failure is not XunitException { Data.Count: > 0 })
            {
                throw new InvalidOperationException($"seed {seed}: {failure.Message}", failure);
            }

            records += life.Yielded;
            restarts += life.Restarts;
        }

        Assert.True(records > Lives * 100, $"{records}");
        Assert.True(restarts > Lives, $"{restarts}"); // truncated under the reader, or taken back
    }

    /// <summary>One log, its writer and a reader of it.</summary>
    private sealed class Life
    {
        private const int Size = 1500;

        private readonly SeededRandom _random;
        private readonly TestLog _log;
        private readonly bool _includesNotDurable;
        private Wal _wal;
        private Lsn _truncated = Lsn.None;
        private ulong _durable;
        private bool _isWriting;
        private bool _failsSyncs;

        public Life(int seed)
        {
            _random = new SeededRandom(seed);
            _log = new TestLog(seed)
            {
                Options = { SyncMode = (SyncMode)_random.Next(3) },
                Work = { IsSingleThreaded = true }, // the writer runs within the reader's calls, under the disk's lock
            };
            _includesNotDurable = _random.OneIn(4);
            _wal = _log.Open();
        }

        public int Yielded { get; private set; }

        public int Restarts { get; private set; }

        public async Task RunAsync()
        {
            int after = 0;
            int polls = 0;
            do
            {
                after = await FollowAsync(after, () => ++polls <= Polls);
            }
            while (polls <= Polls);

            _log.Disk.Faults = null;
            _log.Close(_wal); // now everything is promised
            int last = (int)_wal.Status.WrittenLsn.Value;
            Assert.Equal(Math.Max(last, after), await FollowAsync(after, () => false, last));
        }

        /// <summary>Follows until it is told to end, or until the reader says why it cannot go on.</summary>
        /// <returns>Where to go on.</returns>
        private async Task<int> FollowAsync(int after, Func<bool> goesOn, int upTo = 0)
        {
            _log.Disk.Faults = null;
            await using Follower follower = new(
                _log,
                new WalReadOptions(new Lsn((ulong)after), Follow: true, IncludeNotDurable: _includesNotDurable));
            _log.Disk.Faults = Interfere;
            int last = after;
            try
            {
                while (goesOn())
                {
                    follower.PollOnce();
                    last = Math.Max(after, follower.Last);
                    _durable = Math.Max(_durable, _wal.Status.DurableLsn.Value);
                    Assert.True(_includesNotDurable || (ulong)last <= _durable, $"{last} above {_durable}");
                }

                _log.Disk.Faults = null;
                last = Math.Max(after, follower.LastOf(upTo));
            }
            catch (WalTruncatedException told)
            {
                Assert.True(_truncated.Value > (ulong)last, $"{told.Message} Truncated up to {_truncated}.");
                Restarts++;
                last = (int)told.Oldest.Value - 1;
            }
            catch (WalException told) when (_includesNotDurable && told is not WalCorruptException)
            {
                Restarts++;
                last = (int)Math.Min((ulong)last, _wal.Status.DurableLsn.Value);
            }
            finally
            {
                _log.Disk.Faults = null;
            }

            List<string> found = follower.Records;
            Assert.Equal(found.Count == 0 ? [] : Numbered(after + 1, after + found.Count, Size), found);
            Yielded += found.Count;
            return last;
        }

        private FaultAction Interfere(DiskOperation operation)
        {
            if (_isWriting)
            {
                return _failsSyncs && operation.Kind == DiskOperationKind.Sync
                    ? FaultAction.FailSync()
                    : FaultAction.None;
            }

            _isWriting = true;
            for (int steps = _random.OneIn(3) ? _random.Next(1, 4) : 0; steps > 0; steps--)
            {
                Step();
            }

            _isWriting = false;
            return FaultAction.None;
        }

        private void Step()
        {
            switch (_random.Next(16))
            {
                case < 8:
                    int next = (int)_wal.Status.WrittenLsn.Value + 1;
                    _wal.AppendMany(next, next + _random.Next(30), Size);
                    break;
                case < 11:
                    _wal.FlushTick();
                    break;
                case 11:
                    _log.Sync(_wal);
                    break;
                case 12:
                    Lsn upTo = new((ulong)_random.NextInt64((long)_wal.Status.DurableLsn.Value + 1));
                    _truncated = upTo > _truncated ? upTo : _truncated;
                    _log.Finish(_wal.TruncateAsync(upTo));
                    break;
                case 13:
                    _log.Close(_wal);
                    Reopen();
                    break;
                case 14:
                    Fail();
                    Reopen();
                    break;
                default:
                    _log.Finish(_wal.CheckpointAsync(new Lsn(_wal.Status.DurableLsn.Value / 2)));
                    break;
            }
        }

        /// <summary>A sync fails: the log is poisoned, closes without a word, and its last records are in
        /// doubt.</summary>
        private void Fail()
        {
            _failsSyncs = true;
            try
            {
                _log.Sync(_wal);
            }
            catch (WalPoisonedException)
            {
                // as it should
            }

            try
            {
                _log.Close(_wal);
            }
            catch (WalPoisonedException)
            {
                // as it should
            }

            _failsSyncs = false;
        }

        private void Reopen()
        {
            _durable = Math.Max(_durable, _wal.Status.DurableLsn.Value);
            _log.Options.SyncMode = (SyncMode)_random.Next(3);
            _wal = _log.Open();
        }
    }
}

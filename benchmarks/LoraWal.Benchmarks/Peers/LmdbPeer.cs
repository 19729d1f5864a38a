using System.Buffers.Binary;
using System.Reflection;
using System.Runtime.InteropServices;
using LightningDB;

namespace LoraWal.Benchmarks.Peers;

/// <summary>LMDB through LightningDB, appending big-endian sequence numbers. A commit of many writers is one
/// transaction.</summary>
internal sealed class LmdbPeer : IContender
{
    private const string SystemLibrary = "liblmdb.so.0";

    static LmdbPeer() =>
        NativeLibrary.SetDllImportResolver(typeof(LightningEnvironment).Assembly, ResolveNative);

    public string Name => "LMDB";

    public ContenderFacts Facts { get; } = new(
        "LightningDB 0.23.1",
        "default (each commit synced), relaxed: `NoSync` with a forced flush every 50 ms; many writers: gathered into "
        + "one transaction",
        "none",
        "the commit fails; the next one may succeed");

    public bool Keeps(Promise promise) => promise is Promise.Durable or Promise.Written;

    public ILog Open(string directory, Promise promise) => new Log(directory, promise);

    /// <summary>The package's own library where the C library is new enough for it, else the distribution's.</summary>
    private static nint ResolveNative(string name, Assembly assembly, DllImportSearchPath? path) =>
        !name.Contains("lmdb", StringComparison.Ordinal) ? 0
        : NativeLibrary.TryLoad(name, assembly, path, out nint own) ? own
        : NativeLibrary.TryLoad(SystemLibrary, out nint system) ? system
        : throw new DllNotFoundException(
            $"the package's native library does not load here, and there is no {SystemLibrary} "
            + "(Debian: apt-get install liblmdb0)");

    private sealed class Log : StoreLog
    {
        private readonly Lock _lock = new();
        private readonly LightningEnvironment _environment;
        private readonly LightningDatabase _database;
        private long _key;

        public Log(string directory, Promise promise)
        {
            // Where it is missing, an environment that was begun would end the program from its finalizer.
            _ = ResolveNative("lmdb", typeof(LightningEnvironment).Assembly, path: null);
            Directory.CreateDirectory(directory);
            _environment = new LightningEnvironment(
                directory, new EnvironmentConfiguration { MapSize = 4L << 30, MaxDatabases = 1 });
            _environment.Open(promise == Promise.Durable ? EnvironmentOpenFlags.None : EnvironmentOpenFlags.NoSync);
            using LightningTransaction transaction = _environment.BeginTransaction();
            _database = transaction.OpenDatabase();
            using (LightningCursor last = transaction.CreateCursor(_database))
            {
                (MDBResultCode found, MDBValue key, _) = last.Last();
                _key = found == MDBResultCode.Success ? BinaryPrimitives.ReadInt64BigEndian(key.AsSpan()) : 0;
            }

            Check(transaction.Commit());
            if (promise != Promise.Durable)
            {
                SyncInBackground(() => Check(_environment.Flush(force: true)));
            }
        }

        public override void Append(byte[] payload)
        {
            lock (_lock)
            {
                using LightningTransaction transaction = _environment.BeginTransaction();
                Put(transaction, payload);
                Check(transaction.Commit());
            }
        }

        public override (long Records, long Sum) Replay(long most)
        {
            long records = 0;
            long sum = 0;
            using LightningTransaction transaction = _environment.BeginTransaction(TransactionBeginFlags.ReadOnly);
            using LightningCursor cursor = transaction.CreateCursor(_database);
            while (records < most)
            {
                (MDBResultCode result, _, MDBValue value) = cursor.Next();
                if (result != MDBResultCode.Success)
                {
                    break;
                }

                ReadOnlySpan<byte> bytes = value.AsSpan();
                sum += bytes.Length + bytes[0];
                records++;
            }

            return (records, sum);
        }

        protected override void CommitAll(List<byte[]> payloads)
        {
            lock (_lock)
            {
                using LightningTransaction transaction = _environment.BeginTransaction();
                payloads.ForEach(payload => Put(transaction, payload));
                Check(transaction.Commit());
            }
        }

        protected override void Close()
        {
            _database.Dispose();
            _environment.Dispose();
        }

        private static void Check(MDBResultCode result)
        {
            if (result != MDBResultCode.Success)
            {
                throw new IOException($"LMDB answers {result}.");
            }
        }

        private void Put(LightningTransaction transaction, byte[] payload)
        {
            Span<byte> key = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64BigEndian(key, ++_key);
            Check(transaction.Put(_database, key, payload, PutOptions.AppendData));
        }
    }
}

using Microsoft.Data.Sqlite;

namespace LoraWal.Benchmarks.Peers;

/// <summary>SQLite in WAL mode, one table of integer keys and blobs, prepared statements, one connection.</summary>
internal sealed class SqlitePeer : IContender
{
    public string Name => "SQLite";

    public ContenderFacts Facts { get; } = new(
        "Microsoft.Data.Sqlite 11.0.0",
        "WAL; `synchronous = FULL`, relaxed: `NORMAL` (which syncs at its checkpoints alone); many writers: gathered "
        + "into one transaction",
        "on each frame of its WAL, checked after a crash; none on its pages",
        "the commit fails; the next one may succeed");

    public bool Keeps(Promise promise) => promise is Promise.Durable or Promise.Written;

    public ILog Open(string directory, Promise promise) => new Log(directory, promise);

    private sealed class Log : StoreLog
    {
        private readonly Lock _lock = new();
        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _insert;
        private readonly SqliteParameter _value;
        private readonly SqliteCommand _begin;
        private readonly SqliteCommand _commit;

        public Log(string directory, Promise promise)
        {
            Directory.CreateDirectory(directory);
            _connection = new SqliteConnection($"Data Source={Path.Combine(directory, "log.db")};Pooling=False");
            _connection.Open();
            Run("PRAGMA journal_mode = WAL");
            Run($"PRAGMA synchronous = {(promise == Promise.Durable ? "FULL" : "NORMAL")}");
            Run("CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY, value BLOB NOT NULL)");
            _insert = Prepared("INSERT INTO log (value) VALUES ($value)");
            _value = _insert.Parameters.Add("$value", SqliteType.Blob);
            _begin = Prepared("BEGIN IMMEDIATE");
            _commit = Prepared("COMMIT");
        }

        public override void Append(byte[] payload)
        {
            lock (_lock)
            {
                Insert(payload);
            }
        }

        public override (long Records, long Sum) Replay(long most)
        {
            long records = 0;
            long sum = 0;
            byte[] value = new byte[64 * 1024];
            using SqliteCommand select = Prepared("SELECT value FROM log ORDER BY id");
            using SqliteDataReader reader = select.ExecuteReader();
            while (records < most && reader.Read())
            {
                sum += reader.GetBytes(0, 0, value, 0, value.Length) + value[0];
                records++;
            }

            return (records, sum);
        }

        protected override void CommitAll(List<byte[]> payloads)
        {
            lock (_lock)
            {
                _begin.ExecuteNonQuery();
                payloads.ForEach(Insert);
                _commit.ExecuteNonQuery();
            }
        }

        protected override void Close()
        {
            _insert.Dispose();
            _begin.Dispose();
            _commit.Dispose();
            _connection.Dispose();
        }

        private void Insert(byte[] payload)
        {
            _value.Value = payload;
            _insert.ExecuteNonQuery();
        }

        private SqliteCommand Prepared(string sql)
        {
            SqliteCommand command = _connection.CreateCommand();
#pragma warning disable CA2100 // the text is a constant of this file
            command.CommandText = sql;
#pragma warning restore CA2100
            return command;
        }

        private void Run(string sql)
        {
            using SqliteCommand command = Prepared(sql);
            command.ExecuteNonQuery();
        }
    }
}

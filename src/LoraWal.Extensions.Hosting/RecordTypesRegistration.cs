namespace LoraWal.Extensions.Hosting;

/// <summary>The record types that one log's builder was given.</summary>
internal sealed record RecordTypesRegistration(string Key, WalRecordTypes Types);

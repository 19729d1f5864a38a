namespace LoraWal.Records;

/// <summary>What a frame holds. Stable numbers; zero is never valid, so that unwritten zeros cannot parse.</summary>
internal enum FrameKind : byte
{
    None = 0,
    Record = 1,
    Batch = 2,
    Marker = 3,
    Seal = 4,
}

namespace LoraWal.TestSupport;

/// <summary>A write that no sync has covered: the sectors it touched, whole, as they were after it.</summary>
internal readonly record struct PendingWrite(long Sequence, int FirstSector, byte[] Image);

/// <summary>A length that no sync has covered.</summary>
internal readonly record struct PendingLength(long Sequence, int Length);

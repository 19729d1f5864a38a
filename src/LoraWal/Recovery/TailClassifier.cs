namespace LoraWal.Recovery;

/// <summary>What was found at the end of the last segment, behind its last valid frame.</summary>
/// <param name="BytesLeft">Not only zeros follow.</param>
/// <param name="PromisedDurable">A frame header among them promises that what is missing here had been synced.</param>
/// <param name="EndsInClose">The last valid frame is a close marker.</param>
/// <param name="RefusesTorn">The options want a torn tail left alone.</param>
internal readonly record struct TailFacts(bool BytesLeft, bool PromisedDurable, bool EndsInClose, bool RefusesTorn);

/// <summary>What to do about it.</summary>
internal enum TailDecision
{
    /// <summary>The log was closed; nothing is missing.</summary>
    Clean,

    /// <summary>The log was not closed; nothing that was promised is missing.</summary>
    Unclean,

    /// <summary>A crash cut bytes short: set them aside, then go on.</summary>
    SetTornTailAside,

    /// <summary>A crash cut bytes short, and the options want a person to decide.</summary>
    RefuseTornTail,

    /// <summary>Bytes that were once durable are damaged.</summary>
    RefuseCorrupt,
}

/// <summary>Decides between a clean end, a torn tail and damage. Pure; tested over all combinations.</summary>
internal static class TailClassifier
{
    //  bytes left   promised   close   refuse torn   decision
    //  ----------   --------   -----   -----------   --------
    //  any          yes        any     any           RefuseCorrupt      a readable promise covers what is missing
    //  yes          no         any     no            SetTornTailAside   the crash cut short what was never promised
    //  yes          no         any     yes           RefuseTornTail
    //  no           no         yes     any           Clean
    //  no           no         no      any           Unclean
    //
    // A read that fails never comes here: it throws, with path and offset, and nothing has been changed.
    //
    // WHY NOT "a good frame follows a bad one, so the bad one must be damage": the sectors of one unsynced window reach
    // the disk in any order. A torn frame before an intact one is an ordinary crash; only a promise proves more.
    public static TailDecision Classify(TailFacts facts) => facts switch
    {
        { PromisedDurable: true } => TailDecision.RefuseCorrupt,
        { BytesLeft: true, RefusesTorn: false } => TailDecision.SetTornTailAside,
        { BytesLeft: true } => TailDecision.RefuseTornTail,
        { EndsInClose: true } => TailDecision.Clean,
        _ => TailDecision.Unclean,
    };
}

namespace LoraWal.Interleavings.StandIns;

/// <summary>Stands in for <see cref="Lock"/>, which Coyote 1.7.11 does not know: the same, made of a monitor, which it
/// controls.</summary>
internal sealed class ControlledLock
{
    public bool IsHeldByCurrentThread => Monitor.IsEntered(this);

    public void Enter() => Monitor.Enter(this);

    public void Exit() => Monitor.Exit(this);

    public Scope EnterScope()
    {
        Monitor.Enter(this);
        return new Scope(this);
    }

    public readonly ref struct Scope(ControlledLock owner)
    {
        public void Dispose() => Monitor.Exit(owner);
    }
}

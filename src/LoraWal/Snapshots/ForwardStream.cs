namespace LoraWal.Snapshots;

/// <summary>A stream in one direction, without a position.</summary>
internal abstract class ForwardStream : Stream
{
    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException("A snapshot is read or written in order.");

    public override long Position
    {
        get => throw new NotSupportedException("A snapshot is read or written in order.");
        set => throw new NotSupportedException("A snapshot is read or written in order.");
    }

    public override void Flush()
    {
        // a chunk is written when it is full, and the last one at the end
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) =>
        throw new NotSupportedException("A snapshot is read or written in order.");

    public override void SetLength(long value) =>
        throw new NotSupportedException("A snapshot is read or written in order.");
}

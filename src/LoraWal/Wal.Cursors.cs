using LoraWal.Cursors;

namespace LoraWal;

/// <content>The log's cursors.</content>
public sealed partial class Wal
{
    /// <summary>The log's cursors; set once, before the log is handed out.</summary>
    internal CursorBook Cursors { get; init; } = null!;

    /// <inheritdoc/>
    public async ValueTask<WalCursor> OpenCursorAsync(
        string name, WalCursorOptions? options = null, CancellationToken cancellationToken = default)
    {
        CursorName.ThrowIfInvalid(name);
        WalCursorOptions settings = options ?? new WalCursorOptions();
        settings.ThrowIfInvalid();
        cancellationToken.ThrowIfCancellationRequested();
        return await Cursors.OpenAsync(name, settings).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DropCursorAsync(string name, CancellationToken cancellationToken = default)
    {
        CursorName.ThrowIfInvalid(name);
        cancellationToken.ThrowIfCancellationRequested();
        return await Cursors.DropAsync(name).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public IReadOnlyList<WalCursorInfo> ListCursors()
    {
        Cursors.ReportLag();
        return Cursors.List();
    }
}

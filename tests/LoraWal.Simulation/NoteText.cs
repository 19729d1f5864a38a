using System.Runtime.CompilerServices;
using System.Text;

namespace LoraWal.Simulation;

/// <summary>The text of a note, put together only if notes are kept: a run that keeps every promise needs
/// none.</summary>
[InterpolatedStringHandler]
internal readonly struct NoteText
{
    private readonly StringBuilder? _text;

    public NoteText(int literals, int values, CrashWorld world, out bool isWanted)
    {
        isWanted = world.KeepsNotes;
        _text = isWanted ? new StringBuilder(literals + (values * 8)) : null;
    }

    public void AppendLiteral(string text) => _text!.Append(text);

    public void AppendFormatted<T>(T value) => _text!.Append(value?.ToString());

    public override string ToString() => _text?.ToString() ?? "";
}

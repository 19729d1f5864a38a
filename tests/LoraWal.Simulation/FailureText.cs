using System.Runtime.CompilerServices;
using System.Text;

namespace LoraWal.Simulation;

/// <summary>What a broken promise says, put together only if it is broken.</summary>
[InterpolatedStringHandler]
internal readonly struct FailureText
{
    private readonly StringBuilder? _text;

    public FailureText(int literals, int values, bool condition, out bool isWanted)
    {
        isWanted = !condition;
        _text = isWanted ? new StringBuilder(literals + (values * 8)) : null;
    }

    public void AppendLiteral(string text) => _text!.Append(text);

    public void AppendFormatted<T>(T value) => _text!.Append(value?.ToString());

    public override string ToString() => _text?.ToString() ?? "";
}

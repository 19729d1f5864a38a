using System.Text.RegularExpressions;

namespace LoraWal.Tests.House;

/// <summary>Measures functions by matching braces: good to a line or two.</summary>
internal static partial class FunctionLengths
{
    private enum Scope
    {
        Namespace,
        Type,
        Function,
        Inner,
    }

    /// <summary>First line and length of each function of a file.</summary>
    public static IReadOnlyList<(int Line, int Lines)> Measure(string source)
    {
        string code = CodeOnly.Of(source);
        List<(int Line, int Lines)> functions = [];
        Stack<(Scope Scope, int Start)> scopes = new();
        int header = 0;
        for (int at = 0; at < code.Length; at++)
        {
            if (code[at] == '{')
            {
                Scope outer = scopes.Count == 0 ? Scope.Namespace : scopes.Peek().Scope;
                scopes.Push((Classify(outer, code[header..at]), header));
                header = at + 1;
            }
            else if (code[at] == '}')
            {
                (Scope scope, int start) = scopes.Count == 0 ? (Scope.Inner, at) : scopes.Pop();
                if (scope == Scope.Function)
                {
                    functions.Add(Extent(code, start, at));
                }

                header = at + 1;
            }
            else if (code[at] == ';')
            {
                header = at + 1;
            }
        }

        return functions;
    }

    private static Scope Classify(Scope outer, string header)
    {
        if (outer is Scope.Function or Scope.Inner)
        {
            return Scope.Inner;
        }

        if (NamespacePattern().IsMatch(header))
        {
            return Scope.Namespace;
        }

        // A body that does not open at once is a table: = new() { ... }. Defaults of parameters are in parentheses.
        string outside = ParenthesesPattern().Replace(header, "");
        return TypePattern().IsMatch(header) ? Scope.Type
            : InitializerPattern().IsMatch(outside) ? Scope.Inner : Scope.Function;
    }

    private static (int Line, int Lines) Extent(string code, int start, int end)
    {
        while (char.IsWhiteSpace(code[start]))
        {
            start++;
        }

        int line = 1 + code.AsSpan(0, start).Count('\n');
        return (line, 1 + code.AsSpan(start, end - start).Count('\n'));
    }

    [GeneratedRegex(@"\bnamespace\s+\w")]
    private static partial Regex NamespacePattern();

    [GeneratedRegex(@"\b(class|struct|interface|enum|record|extension)\b\s*[\w(<]")]
    private static partial Regex TypePattern();

    [GeneratedRegex(@"\([^()]*(\([^()]*\)[^()]*)*\)")]
    private static partial Regex ParenthesesPattern();

    [GeneratedRegex(@"(?<![=!<>])=(?![=>])")]
    private static partial Regex InitializerPattern();
}

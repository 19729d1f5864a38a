using System.Text;

namespace LoraWal.Tests.House;

/// <summary>Blanks out comments, strings and characters of C# source; every other character keeps its line and
/// column. The code in the holes of interpolated strings stays.</summary>
internal sealed class CodeOnly
{
    private readonly string _source;
    private readonly StringBuilder _code;
    private int _at;

    private CodeOnly(string source)
    {
        _source = source;
        _code = new StringBuilder(source.Length);
    }

    public static string Of(string source)
    {
        CodeOnly stripper = new(source);
        stripper.Code(inHole: false);
        return stripper._code.ToString();
    }

    private void Code(bool inHole)
    {
        int depth = 0;
        while (_at < _source.Length)
        {
            if (inHole && depth == 0 && (_source[_at] is '}' || (_source[_at] is ':' && !Next("::"))))
            {
                return;
            }

            if (Next("//"))
            {
                Blank(EndOf("\n", _at) - _at);
            }
            else if (Next("/*"))
            {
                Blank(EndOf("*/", _at + 2) + 2 - _at);
            }
            else if (_source[_at] == '\'')
            {
                Character();
            }
            else if (StringStart(out int dollars, out bool verbatim, out int quotes))
            {
                String(dollars, verbatim, quotes);
            }
            else
            {
                depth += _source[_at] is '{' or '(' or '[' ? 1 : _source[_at] is '}' or ')' or ']' ? -1 : 0;
                Keep(1);
            }
        }
    }

    private void Character()
    {
        int end = _at + 1;
        while (end < _source.Length && _source[end] != '\'')
        {
            end += _source[end] == '\\' ? 2 : 1;
        }

        Blank(end + 1 - _at);
    }

    private bool StringStart(out int dollars, out bool verbatim, out int quotes)
    {
        int at = _at;
        dollars = 0;
        verbatim = false;
        for (; at < _source.Length && _source[at] is '$' or '@'; at++)
        {
            dollars += _source[at] == '$' ? 1 : 0;
            verbatim |= _source[at] == '@';
        }

        int first = at;
        while (at < _source.Length && _source[at] == '"')
        {
            at++;
        }

        quotes = at - first;
        if (quotes == 0)
        {
            return false;
        }

        // Two quotes are an empty string, unless it is verbatim and they are its first and an escaped one.
        quotes = quotes >= 3 && !verbatim ? quotes : 1;
        Blank(first + quotes - _at);
        return true;
    }

    private void String(int dollars, bool verbatim, int quotes)
    {
        string end = new('"', quotes);
        while (_at < _source.Length)
        {
            if (quotes == 1 && verbatim && Next("\"\""))
            {
                Blank(2);
            }
            else if (Next(end))
            {
                Blank(quotes);
                return;
            }
            else if (quotes == 1 && !verbatim && _source[_at] == '\\')
            {
                Blank(2);
            }
            else if (dollars > 0 && _source[_at] == '{')
            {
                Hole(dollars, quotes);
            }
            else
            {
                Blank(1);
            }
        }
    }

    private void Hole(int dollars, int quotes)
    {
        int braces = 1;
        while (_at + braces < _source.Length && _source[_at + braces] == '{')
        {
            braces++;
        }

        bool opens = quotes == 1 ? braces % 2 == 1 : braces >= dollars;
        Blank(braces);
        if (!opens)
        {
            return;
        }

        Code(inHole: true);
        while (_at < _source.Length && _source[_at] != '}')
        {
            Blank(1);
        }

        Blank(quotes == 1 ? 1 : dollars);
    }

    private bool Next(string text) => string.CompareOrdinal(_source, _at, text, 0, text.Length) == 0;

    private int EndOf(string text, int from)
    {
        int end = _source.IndexOf(text, Math.Min(from, _source.Length), StringComparison.Ordinal);
        return end < 0 ? _source.Length : end;
    }

    private void Keep(int count)
    {
        _code.Append(_source, _at, count);
        _at += count;
    }

    private void Blank(int count)
    {
        int end = Math.Min(_at + count, _source.Length);
        for (; _at < end; _at++)
        {
            _code.Append(_source[_at] is '\n' or '\r' ? _source[_at] : ' ');
        }
    }
}

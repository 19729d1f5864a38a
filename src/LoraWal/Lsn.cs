using System.Globalization;

namespace LoraWal;

/// <summary>Log sequence number: the position of a record in the total order of a log.</summary>
/// <remarks>
/// Record LSNs are dense and start at 1; <see cref="None"/> (0) means "never written". An LSN is opaque but for its
/// order: it says nothing about bytes or time. Store only durable LSNs (<see cref="WalStatus.DurableLsn"/>): one that
/// was never durable may come back with other content after a power cut.
/// </remarks>
/// <threadsafety>Immutable.</threadsafety>
public readonly struct Lsn :
    IEquatable<Lsn>, IComparable<Lsn>, IComparable, ISpanFormattable, IUtf8SpanFormattable, ISpanParsable<Lsn>
{
    /// <summary>Creates the LSN with this number.</summary>
    /// <param name="value">The number; 0 is <see cref="None"/>.</param>
    public Lsn(ulong value) => Value = value;

    /// <summary>"Never written": below every record.</summary>
    public static Lsn None => default;

    /// <summary>The greatest LSN there can be.</summary>
    public static Lsn MaxValue => new(ulong.MaxValue);

    /// <summary>The number itself.</summary>
    public ulong Value { get; }

    /// <summary>Whether this is <see cref="None"/>.</summary>
    public bool IsNone => Value == 0;

    /// <summary>Equal numbers.</summary>
    public static bool operator ==(Lsn left, Lsn right) => left.Value == right.Value;

    /// <summary>Different numbers.</summary>
    public static bool operator !=(Lsn left, Lsn right) => left.Value != right.Value;

    /// <summary>Earlier in the log.</summary>
    public static bool operator <(Lsn left, Lsn right) => left.Value < right.Value;

    /// <summary>Later in the log.</summary>
    public static bool operator >(Lsn left, Lsn right) => left.Value > right.Value;

    /// <summary>Earlier in the log, or the same.</summary>
    public static bool operator <=(Lsn left, Lsn right) => left.Value <= right.Value;

    /// <summary>Later in the log, or the same.</summary>
    public static bool operator >=(Lsn left, Lsn right) => left.Value >= right.Value;

    /// <summary>Parses decimal digits.</summary>
    /// <param name="s">Decimal digits, without sign or white space.</param>
    /// <param name="provider">Not used: the form does not depend on a culture.</param>
    /// <exception cref="FormatException"><paramref name="s"/> is not an LSN.</exception>
    public static Lsn Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s.AsSpan(), provider);
    }

    /// <inheritdoc cref="Parse(string, IFormatProvider?)"/>
    public static Lsn Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        new(ulong.Parse(s, NumberStyles.None, CultureInfo.InvariantCulture));

    /// <summary>Parses decimal digits, or says that they are none.</summary>
    /// <param name="s">Decimal digits, without sign or white space.</param>
    /// <param name="provider">Not used: the form does not depend on a culture.</param>
    /// <param name="result">The LSN, or <see cref="None"/>.</param>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out Lsn result)
    {
        bool parsed = ulong.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value);
        result = new Lsn(value);
        return parsed;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{char}, IFormatProvider?, out Lsn)"/>
    public static bool TryParse(string? s, IFormatProvider? provider, out Lsn result) =>
        TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc cref="TryParse(ReadOnlySpan{char}, IFormatProvider?, out Lsn)"/>
    public static bool TryParse(string? s, out Lsn result) => TryParse(s.AsSpan(), null, out result);

    /// <inheritdoc/>
    public bool Equals(Lsn other) => Value == other.Value;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Lsn other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Value.GetHashCode();

    /// <inheritdoc/>
    public int CompareTo(Lsn other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public int CompareTo(object? obj) => obj switch
    {
        null => 1,
        Lsn other => CompareTo(other),
        _ => throw new ArgumentException("Only an Lsn compares with an Lsn.", nameof(obj)),
    };

    /// <summary>The number in decimal digits.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The number in a numeric format such as <c>D20</c>; decimal digits without one.</summary>
    public string ToString(string? format, IFormatProvider? formatProvider) =>
        Value.ToString(format, CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public bool TryFormat(
        Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        Value.TryFormat(destination, out charsWritten, format, CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public bool TryFormat(
        Span<byte> utf8Destination, out int bytesWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        Value.TryFormat(utf8Destination, out bytesWritten, format, CultureInfo.InvariantCulture);
}

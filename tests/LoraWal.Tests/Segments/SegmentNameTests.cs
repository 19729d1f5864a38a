using CsCheck;
using LoraWal.Segments;

namespace LoraWal.Tests.Segments;

public class SegmentNameTests
{
    [Theory]
    [InlineData(0, "0000000000.wal")]
    [InlineData(1, "0000000001.wal")]
    [InlineData(9_999_999_999, "9999999999.wal")]
    [InlineData(10_000_000_000, "10000000000.wal")]
    public void A_segment_is_named_by_its_number(long id, string name)
    {
        Assert.Equal(name, SegmentName.Of(id));
        Assert.True(SegmentName.TryParse(name, out long found));
        Assert.Equal(id, found);
    }

    [Fact]
    public void Every_number_has_its_name_and_every_name_its_number() => Gen.Long[0, long.MaxValue].Sample(
        id => SegmentName.TryParse(SegmentName.Of(id), out long found) && found == id, seed: "0000000000001");

    [Theory]
    [InlineData("")]
    [InlineData(".wal")]
    [InlineData("1.wal")]
    [InlineData("000000001.wal")]
    [InlineData("00000000001.wal")]
    [InlineData("0000000001.WAL")]
    [InlineData("0000000001.wal.tmp")]
    [InlineData("0000000001.wal~")]
    [InlineData("+000000001.wal")]
    [InlineData("-000000001.wal")]
    [InlineData(" 000000001.wal")]
    [InlineData("00000000a1.wal")]
    [InlineData("0000000001-4096.torn")]
    [InlineData("99999999999999999999.wal")]
    [InlineData("\u0661000000001.wal")]
    public void A_name_that_is_not_exactly_a_segments_is_foreign(string name) =>
        Assert.False(SegmentName.TryParse(name, out _));

    [Theory]
    [InlineData(0, "0000000003-4096.torn")]
    [InlineData(2, "0000000003-4096+2.torn")]
    public void Torn_bytes_are_named_by_where_they_lay(int copy, string name) =>
        Assert.Equal(name, SegmentName.Torn(3, 4096, copy));

    [Theory]
    [InlineData("next.wal.tmp", true)]
    [InlineData("urgent.wal.tmp", true)]
    [InlineData("0000000003-4096.torn.tmp", true)]
    [InlineData("0000000003-4096+12.torn.tmp", true)]
    [InlineData("0000000003-4096.torn", false)]
    [InlineData("0000000003.wal", false)]
    [InlineData("notes.tmp", false)]
    [InlineData("notes.torn.tmp", false)]
    [InlineData("other.wal.tmp", false)]
    [InlineData("3 things to do.torn.tmp", false)]
    public void Only_the_logs_own_temporary_names_are_temporary(string name, bool isTemporary) =>
        Assert.Equal(isTemporary, SegmentName.IsTemporary(name));
}

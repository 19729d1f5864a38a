using LoraWal.Log;
using LoraWal.Segments;

namespace LoraWal.Tests.Log;

public class SegmentCatalogTests
{
    private const long FileBytes = 65_536;

    private readonly SegmentCatalog _catalog = new([Entry(1), Entry(2), Entry(3)]);

    [Fact]
    public void A_segment_counts_towards_the_greatest_size_of_the_log_until_its_file_is_gone()
    {
        SegmentEntry oldest = Entry(1);

        _catalog.RemoveOldestUnderLock(oldest);
        Assert.Equal((2, 2, 3 * FileBytes), Now());

        _catalog.DeletedUnderLock(oldest);
        Assert.Equal((2, 2, 2 * FileBytes), Now());
    }

    [Fact]
    public void A_segment_that_could_not_be_deleted_counts_once()
    {
        SegmentEntry oldest = Entry(1);

        _catalog.RemoveOldestUnderLock(oldest);
        _catalog.PutBackOldestUnderLock(oldest);

        Assert.Equal((1, 3, 3 * FileBytes), Now());
    }

    private static SegmentEntry Entry(long id) =>
        new(id, (ulong)(id - 1) * 10, ((ulong)(id - 1) * 10) + 1, FileBytes, Created: 0);

    private (long Oldest, int Count, long Bytes) Now() =>
        (_catalog.Now.OldestId, _catalog.Now.Count, _catalog.Now.Bytes);
}

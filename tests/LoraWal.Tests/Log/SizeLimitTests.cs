using LoraWal.TestSupport;

namespace LoraWal.Tests.Log;

public class SizeLimitTests
{
    private const int Segment = 64 * 1024;

    [Fact]
    public void A_transaction_that_can_never_fit_below_the_log_limit_is_a_mistake_of_the_call()
    {
        TestLog world = new() { Options = { MaxLogBytes = 4 * Segment } };
        Wal wal = world.Open();
        byte[] tooLarge = new byte[(3 * Segment) + 1];

        Assert.Throws<ArgumentException>(() => wal.Append(tooLarge));
        Assert.Equal(WalState.Running, wal.Status.State);
        Assert.Equal(1ul, wal.Append([1]).Value);
    }

    [Theory]
    [InlineData(2, 50_000)]
    [InlineData(4, (3 * Segment) - 20_000)]
    public void A_transaction_that_can_fit_below_the_log_limit_is_taken(int segments, int bytes)
    {
        TestLog world = new() { Options = { MaxLogBytes = segments * Segment } };
        Wal wal = world.Open();
        Assert.Equal(1ul, wal.Append(new byte[bytes]).Value);
        Assert.Equal(WalState.Running, wal.Status.State);
    }
}

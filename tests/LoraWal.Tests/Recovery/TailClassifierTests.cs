using LoraWal.Recovery;

namespace LoraWal.Tests.Recovery;

public class TailClassifierTests
{
    // Written out by hand, from the rules and not from the code: all sixteen.
    [Theory]
    //          bytes  promise close  refuse
    [InlineData(false, false, false, false, "Unclean")]
    [InlineData(false, false, false, true, "Unclean")]
    [InlineData(false, false, true, false, "Clean")]
    [InlineData(false, false, true, true, "Clean")]
    [InlineData(false, true, false, false, "RefuseCorrupt")]
    [InlineData(false, true, false, true, "RefuseCorrupt")]
    [InlineData(false, true, true, false, "RefuseCorrupt")]
    [InlineData(false, true, true, true, "RefuseCorrupt")]
    [InlineData(true, false, false, false, "SetTornTailAside")]
    [InlineData(true, false, false, true, "RefuseTornTail")]
    [InlineData(true, false, true, false, "SetTornTailAside")]
    [InlineData(true, false, true, true, "RefuseTornTail")]
    [InlineData(true, true, false, false, "RefuseCorrupt")]
    [InlineData(true, true, false, true, "RefuseCorrupt")]
    [InlineData(true, true, true, false, "RefuseCorrupt")]
    [InlineData(true, true, true, true, "RefuseCorrupt")]
    public void The_end_of_a_log_is_judged_by_proof(
        bool bytesLeft, bool promised, bool close, bool refusesTorn, string decision) =>
        Assert.Equal(
            decision, TailClassifier.Classify(new TailFacts(bytesLeft, promised, close, refusesTorn)).ToString());

    [Fact]
    public void There_is_no_other_decision() => Assert.Equal(
        ["Clean", "Unclean", "SetTornTailAside", "RefuseTornTail", "RefuseCorrupt"], Enum.GetNames<TailDecision>());
}

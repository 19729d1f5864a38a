namespace LoraWal.CrashTests;

/// <summary>Real system calls fail under a real process.</summary>
public sealed class SystemCallTests : IDisposable
{
    private readonly LogDirectory _log = new();

    [Fact]
    public async Task A_failed_fsync_closes_the_latch_and_nothing_is_acknowledged_afterwards()
    {
        using FaultRun run = await Faulty("fdatasync:error=EIO:when=3+", 20, "PerCommit");

        Assert.Equal([1, 2], run.Acknowledged);
        string[] failures = Failures(run);
        Assert.Equal(3, failures.Length);
        Assert.StartsWith("FAIL True ", failures[0], StringComparison.Ordinal);
        Assert.Contains("fdatasync of '", failures[0], StringComparison.Ordinal);
        Assert.Contains("EIO", failures[0], StringComparison.Ordinal);
        Assert.All(failures[1..], failure => Assert.StartsWith("FAIL False ", failure, StringComparison.Ordinal));
        Assert.StartsWith("POISONED fsync failed: fdatasync", run.Single("POISONED"), StringComparison.Ordinal);
        await GoesOn(acknowledged: 2);
    }

    [Fact]
    public async Task A_failed_background_fsync_closes_the_latch_with_the_cause_kept_verbatim()
    {
        using FaultRun run = await Faulty("fdatasync:error=EIO", 200, "GroupSync");

        string cause = run.Single("POISONED");
        Assert.StartsWith("POISONED bg fsync failed: fdatasync of '", cause, StringComparison.Ordinal);
        Assert.Contains("EIO", cause, StringComparison.Ordinal);
        Assert.All(Failures(run), failure => Assert.Contains("bg fsync failed:", failure, StringComparison.Ordinal));
        Assert.NotEmpty(Failures(run));
        run.Single("CLOSEFAIL");
        await GoesOn(acknowledged: run.Acknowledged.Count);
    }

    [Theory]
    [InlineData("pwrite64:error=EIO:when=3+", "EIO")]
    [InlineData("pwrite64:error=ENOSPC:when=3+", "ENOSPC")]
    [InlineData("pwrite64:error=EDQUOT:when=3+", "EDQUOT")]
    [InlineData("pwrite64:error=EROFS:when=3+", "EROFS")]
    [InlineData("pwrite64:error=EFBIG:when=3+", "EFBIG")]
    [InlineData("pwrite64:error=EAGAIN:when=3+", "11")]
    [InlineData("pwrite64:retval=0:when=3+", "0 bytes")]
    public async Task A_failed_write_closes_the_latch(string inject, string named)
    {
        using FaultRun run = await Faulty(inject, 20, "PerCommit");

        Assert.Equal([1, 2], run.Acknowledged);
        string[] failures = Failures(run);
        Assert.StartsWith("FAIL True ", failures[0], StringComparison.Ordinal);
        Assert.All(failures[1..], failure => Assert.StartsWith("FAIL False ", failure, StringComparison.Ordinal));
        Assert.All(failures, failure => Assert.Contains(named, failure, StringComparison.Ordinal));
        await GoesOn(acknowledged: 2);
    }

    [Theory]
    [InlineData("pwrite64:error=EINTR:when=2+3")]
    [InlineData("fdatasync:error=EINTR:when=2+3")]
    public async Task An_interrupted_call_is_made_again_unseen(string inject)
    {
        using FaultRun run = await Faulty(inject, 20, "PerCommit");

        Assert.Equal(20, run.Acknowledged.Count);
        run.Single("CLOSED");
        await GoesOn(acknowledged: 20);
    }

    // The call returns 40 and writes nothing: a write that the device lost, with durable records behind it.
    [Fact]
    public async Task A_lost_write_below_a_promise_is_refused()
    {
        using FaultRun run = await Faulty("pwrite64:retval=40:when=3", 20, "PerCommit");
        Assert.Equal(20, run.Acknowledged.Count);

        using FaultRun verify = await FaultRun.Start("verify", _log.Path).ToEndAsync();

        string refused = verify.Single("REFUSED WalCorruptException");
        Assert.Contains("0000000001.wal", refused, StringComparison.Ordinal);
        Assert.Contains("LSN 3", refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pread64:error=EIO", "pread")]
    [InlineData("openat:error=EMFILE", "EMFILE")]
    public async Task A_failed_read_at_open_changes_nothing_and_may_be_tried_again(string inject, string named)
    {
        using FaultRun first = await FaultRun.Start("append", _log.Path, "5", "PerCommit").ToEndAsync();
        byte[] before = await File.ReadAllBytesAsync(_log.FirstSegment);

        using FaultRun hurt = await FaultRun.StartFaulty(inject, _log.FirstSegment, "verify", _log.Path).ToEndAsync();

        Assert.Contains(named, hurt.Single("REFUSED StorageException"), StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(_log.FirstSegment));
        await GoesOn(acknowledged: 5);
    }

    [Fact]
    public async Task A_directory_whose_sync_fails_is_not_opened()
    {
        using FaultRun run = await FaultRun.StartFaulty(
            "fsync:error=EIO", null, "append", _log.Path, "5", "PerCommit").ToEndAsync();

        Assert.Contains("fsync of '", run.Single("REFUSED StorageException"), StringComparison.Ordinal);
        Assert.Empty(run.Acknowledged);
        await GoesOn(acknowledged: 0);
    }

    [Fact]
    public async Task A_directory_that_cannot_be_made_for_want_of_space_says_so()
    {
        using FaultRun run = await FaultRun.StartFaulty(
            "mkdir:error=ENOSPC", null, "append", Path.Combine(_log.Path, "new"), "5", "PerCommit").ToEndAsync();

        string refused = run.Single("REFUSED StorageException");
        Assert.Contains("mkdir of '", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("right to write", refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_length_that_cannot_be_read_names_its_call()
    {
        using FaultRun written = await FaultRun.Start("append", _log.Path, "5", "PerCommit").ToEndAsync();
        using FaultRun run = await FaultRun.StartFaulty(
            "fstat:error=EIO:when=2+", _log.FirstSegment, "append", _log.Path, "5", "PerCommit").ToEndAsync();

        Assert.Contains("fstat of '", run.Single("REFUSED StorageException"), StringComparison.Ordinal);
        await GoesOn(acknowledged: 5);
    }

    [Fact]
    public async Task A_file_system_without_locks_is_refused_with_a_way_out()
    {
        using FaultRun run = await FaultRun.StartFaulty(
            "flock:error=ENOLCK", null, "append", _log.Path, "5", "PerCommit").ToEndAsync();

        string refused = run.Single("REFUSED WalException");
        Assert.Contains("has no dependable locks", refused, StringComparison.Ordinal);
        Assert.Contains("AllowUnsafeFileSystem", refused, StringComparison.Ordinal);
    }

    public void Dispose() => _log.Dispose();

    private static string[] Failures(FaultRun run) =>
        [.. run.Lines.Where(line => line.StartsWith("FAIL ", StringComparison.Ordinal))];

    // The first segment's own calls only: opening a new log makes none on it, so the first is the first record's.
    private Task<FaultRun> Faulty(string inject, int count, string mode) =>
        FaultRun.StartFaulty(inject, _log.FirstSegment, "append", _log.Path, $"{count}", mode).ToEndAsync();

    private async Task GoesOn(int acknowledged)
    {
        using FaultRun verify = await FaultRun.Start("verify", _log.Path).ToEndAsync();
        int found = int.Parse(verify.Single("VERIFIED ").Split(' ')[1], null);
        Assert.True(found >= acknowledged, $"{acknowledged} were acknowledged, {found} are there");

        using FaultRun more = await FaultRun.Start("append", _log.Path, "3", "PerCommit").ToEndAsync();
        Assert.Equal([found + 1, found + 2, found + 3], more.Acknowledged);
        more.Single("CLOSED");
    }
}

using System.Diagnostics;
using System.Globalization;

namespace LoraWal.CrashTests;

/// <summary>One run of the fault process, perhaps under strace, and its lines.</summary>
internal sealed class FaultRun : IDisposable
{
    // Only so that a process that hangs fails the test instead of stopping it for ever.
    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly List<string> _lines = [];

    private FaultRun(Process process) => _process = process;

    /// <summary>Every line read so far.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>LSNs acknowledged so far.</summary>
    public IReadOnlyList<long> Acknowledged => [.. Numbers("ACK ")];

    public int Id => _process.Id;

    /// <summary>How it ended; 137 for <c>kill -9</c>.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts it without faults.</summary>
    public static FaultRun Start(params string[] arguments) => Launch(FaultProgram.Managed, arguments);

    /// <summary>Starts it under strace.</summary>
    /// <param name="inject">What strace does to which calls, as in <c>fdatasync:error=EIO:when=3+</c>.</param>
    /// <param name="path">Only calls on this file; null: all.</param>
    /// <param name="arguments">The process's own.</param>
    public static FaultRun StartFaulty(string inject, string? path, params string[] arguments) =>
        Launch(
            [.. Strace.Command(inject, "/dev/null", path is null ? [] : [path]), .. FaultProgram.Managed], arguments);

    /// <summary>Starts it under any other program, as fast as can be.</summary>
    public static FaultRun StartUnder(string[] prefix, params string[] arguments) =>
        Launch([.. prefix, .. FaultProgram.Fast], arguments);

    /// <summary>Starts it under any other program.</summary>
    public static FaultRun StartManagedUnder(string[] prefix, params string[] arguments) =>
        Launch([.. prefix, .. FaultProgram.Managed], arguments);

    /// <summary>Runs it to its end.</summary>
    public async Task<FaultRun> ToEndAsync()
    {
        while (await NextLineAsync() is not null)
        {
        }

        await _process.WaitForExitAsync().WaitAsync(HangGuard);
        return this;
    }

    /// <summary>Reads up to a line that begins so.</summary>
    public async Task<string> ReadToAsync(string start)
    {
        while (await NextLineAsync() is { } line)
        {
            if (line.StartsWith(start, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"It ended without '{start}': {string.Join(" | ", _lines)}");
    }

    /// <summary>Reads one line, if there is one.</summary>
    public Task ReadAsync() => NextLineAsync();

    /// <summary>The only line that begins so.</summary>
    public string Single(string start) =>
        Assert.Single(_lines, line => line.StartsWith(start, StringComparison.Ordinal));

    /// <summary><c>kill -9</c>, then reads what it had said.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await ToEndAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private static FaultRun Launch(string[] program, string[] arguments)
    {
        var start = new ProcessStartInfo(program[0], [.. program[1..], .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return new FaultRun(Process.Start(start)!);
    }

    private IEnumerable<long> Numbers(string start) => _lines
        .Where(line => line.StartsWith(start, StringComparison.Ordinal))
        .Select(line => long.Parse(line[start.Length..].Split(' ')[0], CultureInfo.InvariantCulture));

    private async Task<string?> NextLineAsync()
    {
        string? line = await _process.StandardOutput.ReadLineAsync().WaitAsync(HangGuard);
        if (line is not null)
        {
            _lines.Add(line);
        }

        return line;
    }
}

using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LoraWal.Benchmarks;

/// <summary>The same bytes by bare system calls on a file of zeros: what any log has to pay.</summary>
internal static unsafe partial class Floor
{
    private const int FileBytes = 16 * 1024 * 1024;

    /// <summary>Writes records one by one, with or without a sync after each.</summary>
    /// <returns>Records per second.</returns>
    public static double Run(string directory, int recordBytes, bool syncs, TimeSpan time)
    {
        string path = Path.Combine(directory, "floor.bin");
        File.Delete(path);
        using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
        byte[] zeros = new byte[4096];
        for (long offset = 0; offset < FileBytes; offset += zeros.Length)
        {
            Write(file, zeros, offset);
        }

        Sync(file);
        byte[] record = new byte[recordBytes];
        record.AsSpan().Fill(7);
        long place = 0;
        long count = 0;
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < time)
        {
            for (int i = 0; i < (syncs ? 8 : 1024); i++)
            {
                Write(file, record, place);
                place = (place + recordBytes) % (FileBytes - recordBytes);
                count++;
                if (syncs)
                {
                    Sync(file);
                }
            }
        }

        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        fixed (byte* source = bytes)
        {
            if (PWrite(file, source, bytes.Length, offset) != bytes.Length)
            {
                throw new Win32Exception();
            }
        }
    }

    private static void Sync(SafeFileHandle file)
    {
        if (FDataSync(file) != 0)
        {
            throw new Win32Exception();
        }
    }

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    private static partial nint PWrite(SafeFileHandle file, byte* source, nint count, long offset);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FDataSync(SafeFileHandle file);
}

using LoraWal.Recovery;
using LoraWal.Segments;
using static LoraWal.Fuzz.FuzzTargets;

namespace LoraWal.Fuzz;

/// <summary>One segment with arbitrary frames behind a good header: the scan of recovery, and the search for a promise
/// behind its end.</summary>
//
//   0        1
//   +--------+------------+
//   | repair | frames ... |
//   +--------+------------+
internal static class ScanTarget
{
    public const int HeadBytes = 1;
    public const int MostFrameBytes = 64 * 1024;

    /// <summary>The segment that the frames are put into.</summary>
    public static SegmentHeader HeaderFor(long fileBytes) => new()
    {
        Generation = 1,
        LogId = 5,
        SegmentId = 1,
        PreviousLastLsn = 0,
        BaseLsn = 1,
        Floor = 0,
        Fence = 0,
        Created = 0,
        Salt = 0xBEEF,
        FileBytes = fileBytes,
    };

    public static void Run(byte[] input)
    {
        if (input.Length is < HeadBytes or > HeadBytes + MostFrameBytes)
        {
            return;
        }

        byte[] file = new byte[SegmentLayout.SizeFor(SegmentLayout.HeaderBlockBytes + input.Length)];
        SegmentHeader header = HeaderFor(file.Length);
        header.Encode(file);
        input.AsSpan(HeadBytes).CopyTo(file.AsSpan(SegmentLayout.HeaderBlockBytes));
        if ((input[0] & 1) != 0)
        {
            ChecksumRepair.Frames(file, header.Salt);
        }

        var bytes = new BytesFile(file);
        SegmentScan scan;
        try
        {
            scan = SegmentScan.Run(bytes, header);
        }
        catch (WalCorruptException corrupt)
        {
            Check(corrupt.Offset >= SegmentLayout.HeaderBlockBytes && corrupt.Offset < file.Length, "where is it?");
            return;
        }

        Check(
            scan.EndOffset >= SegmentLayout.HeaderBlockBytes && scan.EndOffset <= file.Length, "ends out of the file");
        Check(scan.ProvenEnd <= scan.EndOffset, "proven behind the end");
        Check(scan.NextLsn == 1 + (ulong)scan.Records, "LSNs are not dense");
        Check(scan.ProvenNextLsn <= scan.NextLsn, "proven more than there is");
        long torn = bytes.EndOfContent(scan.EndOffset, file.Length);
        long? promise = PromiseScan.Find(bytes, header, scan.EndOffset, torn, scan.NextLsn);
        Check(promise is null || (promise >= scan.EndOffset && promise < torn), "a promise in front of the end");
        Check(bytes.BytesRead <= 8L * file.Length + (8 * 64 * 1024), "read again and again");
    }
}

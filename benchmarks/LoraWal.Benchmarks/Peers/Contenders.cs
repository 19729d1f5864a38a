namespace LoraWal.Benchmarks.Peers;

/// <summary>All that are compared, LoraWal first and the floors last.</summary>
internal static class Contenders
{
    public static IReadOnlyList<IContender> All { get; } =
    [
        new LoraWalContender(),
        new FasterLogPeer(),
        new SqlitePeer(),
        new RocksDbPeer(),
        new LmdbPeer(),
        new ZoneTreePeer(),
        new DotNextPeer(),
        new Floors.SharedFloor(),
        new Floors.FloorContender(),
    ];

    public static string LoraWal => All[0].Name;

    public static string Floor => All[^1].Name;

    /// <summary>Whether it is another log or store.</summary>
    public static bool IsPeer(string name) => name != LoraWal && name != Floor && name != All[^2].Name;

    public static IContender Named(string name) => All.First(contender => contender.Name == name);
}

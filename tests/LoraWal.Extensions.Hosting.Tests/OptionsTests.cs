using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace LoraWal.Extensions.Hosting.Tests;

public class OptionsTests
{
    [Fact]
    public void Every_setting_binds_from_its_section()
    {
        LoraWalOptions options = Read(
            "",
            ("LoraWal:Directory", "/data/wal"),
            ("LoraWal:Name", "orders"),
            ("LoraWal:SyncMode", "PerCommit"),
            ("LoraWal:GroupSyncInterval", "00:00:00.020"),
            ("LoraWal:SegmentTargetBytes", "65536"),
            ("LoraWal:MaxTransactionBytes", "1000"),
            ("LoraWal:MaxPendingBytes", "2000"),
            ("LoraWal:MaxLogBytes", "131072"),
            ("LoraWal:TornTail", "Refuse"),
            ("LoraWal:AllowUnsafeFileSystem", "true"),
            ("LoraWal:Enabled", "false"),
            ("LoraWal:OnPoisoned", "StopHost"),
            ("LoraWal:PoisonedExitCode", "71"),
            ("LoraWal:Open:MaxRetryAttempts", "3"),
            ("LoraWal:Open:BaseDelay", "00:00:01"),
            ("LoraWal:Open:MaxDelay", "00:00:02"),
            ("LoraWal:Open:Timeout", "00:00:03"),
            ("LoraWal:Health:StallDegraded", "00:00:04"),
            ("LoraWal:Health:StallUnhealthy", "00:00:05"),
            ("LoraWal:Health:MinFreeBytesDegraded", "7"),
            ("LoraWal:Health:MinFreeBytesUnhealthy", "6"),
            ("LoraWal:Retention:MaxAge", "7.00:00:00"),
            ("LoraWal:Retention:MaxBytes", "131071"),
            ("LoraWal:Retention:MaxRecords", "8"),
            ("LoraWal:Retention:Interval", "00:00:09"));

        Assert.Equal("/data/wal", options.Directory);
        Assert.Equal("orders", options.Name);
        Assert.Equal(SyncMode.PerCommit, options.SyncMode);
        Assert.Equal(TimeSpan.FromMilliseconds(20), options.GroupSyncInterval);
        Assert.Equal(65536, options.SegmentTargetBytes);
        Assert.Equal(1000, options.MaxTransactionBytes);
        Assert.Equal(2000, options.MaxPendingBytes);
        Assert.Equal(131072, options.MaxLogBytes);
        Assert.Equal(TornTailPolicy.Refuse, options.TornTail);
        Assert.True(options.AllowUnsafeFileSystem);
        Assert.False(options.Enabled);
        Assert.Equal(PoisonedAction.StopHost, options.OnPoisoned);
        Assert.Equal(71, options.PoisonedExitCode);
        Assert.Equal(3, options.Open.MaxRetryAttempts);
        Assert.Equal(TimeSpan.FromSeconds(1), options.Open.BaseDelay);
        Assert.Equal(TimeSpan.FromSeconds(2), options.Open.MaxDelay);
        Assert.Equal(TimeSpan.FromSeconds(3), options.Open.Timeout);
        Assert.Equal(TimeSpan.FromSeconds(4), options.Health.StallDegraded);
        Assert.Equal(TimeSpan.FromSeconds(5), options.Health.StallUnhealthy);
        Assert.Equal(7, options.Health.MinFreeBytesDegraded);
        Assert.Equal(6, options.Health.MinFreeBytesUnhealthy);
        Assert.Equal(TimeSpan.FromDays(7), options.Retention.MaxAge);
        Assert.Equal(131071, options.Retention.MaxBytes);
        Assert.Equal(8, options.Retention.MaxRecords);
        Assert.Equal(TimeSpan.FromSeconds(9), options.Retention.Interval);
    }

    [Fact]
    public void Code_has_the_last_word()
    {
        HostApplicationBuilder builder = HostFixture.Builder(null, ("LoraWal:Directory", "x"), ("LoraWal:Name", "a"));
        builder.Services.AddLoraWal(options => options.Name = "b");
        builder.Services.AddLoraWal(options => options.ReplayAfter = new Lsn(7));
        using IHost host = builder.Build();

        LoraWalOptions bound = Get(host, "");
        Assert.Equal("b", bound.Name);
        Assert.Equal(new Lsn(7), bound.ReplayAfter);
    }

    [Fact]
    public void Binding_leaves_a_fence_that_code_has_set_before()
    {
        HostApplicationBuilder builder = HostFixture.Builder(null);
        builder.Services.Configure<LoraWalOptions>(options => options.ReplayAfter = new Lsn(9));
        builder.Services.AddLoraWal();
        using IHost host = builder.Build();

        Assert.Equal(new Lsn(9), Get(host, "").ReplayAfter);
    }

    [Fact]
    public void A_keyed_log_has_its_own_directory_and_name_below_the_common_ones()
    {
        LoraWalOptions options = Read(
            "audit", ("LoraWal:Directory", "/data/wal"), ("LoraWal:Name", "orders"), ("LoraWal:SyncMode", "PerCommit"));

        Assert.Equal(Path.Combine("/data/wal", "audit"), options.Directory);
        Assert.Equal("audit", options.Name);
        Assert.Equal(SyncMode.PerCommit, options.SyncMode);
    }

    [Fact]
    public void The_overlay_of_a_keyed_log_wins()
    {
        LoraWalOptions options = Read(
            "audit",
            ("LoraWal:Directory", "/data/wal"),
            ("LoraWal:SyncMode", "PerCommit"),
            ("LoraWal:MaxPendingBytes", "33554432"),
            ("LoraWal:Logs:audit:Directory", "/other"),
            ("LoraWal:Logs:audit:SyncMode", "None"),
            ("LoraWal:Logs:audit:Health:StallDegraded", "00:00:01"));

        Assert.Equal("/other", options.Directory);
        Assert.Equal(SyncMode.None, options.SyncMode);
        Assert.Equal(33554432, options.MaxPendingBytes);
        Assert.Equal(TimeSpan.FromSeconds(1), options.Health.StallDegraded);
        Assert.Equal(TimeSpan.FromSeconds(10), options.Health.StallUnhealthy);
    }

    [Fact]
    public void A_relative_directory_is_meant_from_the_content_root()
    {
        HostApplicationBuilder builder = HostFixture.Builder(null, ("LoraWal:Directory", "data/wal"));
        builder.Services.AddLoraWal();
        using IHost host = builder.Build();

        string root = host.Services.GetRequiredService<IHostEnvironment>().ContentRootPath;
        Assert.Equal(Path.Combine(root, "data/wal"), Get(host, "").Directory);
    }

    [Fact]
    public void Without_a_configuration_the_settings_come_from_code_alone()
    {
        var services = new ServiceCollection();
        services.AddLoraWal(options => options.Directory = "/data");
        using ServiceProvider provider = services.BuildServiceProvider();

        LoraWalOptions options = provider.GetRequiredService<IOptions<LoraWalOptions>>().Value;
        Assert.Equal("/data", options.Directory);
        Assert.Equal(WalState.Opening, provider.GetRequiredService<IWal>().Status.State);
    }

    [Theory]
    [InlineData("LoraWal:SegmentTargetBytes", "12", "it must be from 65536 (64 KiB) to 1073741824 (1 GiB)")]
    [InlineData("LoraWal:MaxTransactionBytes", "0", "it must be from 1 to 1073741824 (1 GiB)")]
    [InlineData("LoraWal:MaxPendingBytes", "5", "it must be from MaxTransactionBytes (16777216) to 1073741824 (1 GiB)")]
    [InlineData("LoraWal:MaxLogBytes", "16777217",
        "it must be 0 (no limit), or at least twice SegmentTargetBytes (16777216)")]
    [InlineData("LoraWal:MaxLogBytes", "-1", "it must be 0 (no limit), or at least twice")]
    [InlineData("LoraWal:GroupSyncInterval", "00:01:01", "it must be from 00:00:00.0010000 to 00:01:00")]
    [InlineData("LoraWal:SyncMode", "7", "it must be GroupSync, PerCommit or None")]
    [InlineData("LoraWal:TornTail", "7", "it must be SetAside or Refuse")]
    [InlineData("LoraWal:OnPoisoned", "7", "it must be None or StopHost")]
    [InlineData("LoraWal:PoisonedExitCode", "0", "it must be from 1 to 255")]
    [InlineData("LoraWal:Name", " ", "it must be a name")]
    [InlineData("LoraWal:Open:MaxRetryAttempts", "-1", "it must be from 0 to 1000")]
    [InlineData("LoraWal:Open:BaseDelay", "00:00:00", "it must be from 00:00:00.0010000 to 00:01:00")]
    [InlineData("LoraWal:Open:MaxDelay", "00:00:00.1000000", "it must be from 00:00:00.2000000 to 00:10:00")]
    [InlineData("LoraWal:Open:Timeout", "-00:00:01", "it must be from 00:00:00 to 1.00:00:00")]
    [InlineData("LoraWal:Health:StallDegraded", "00:00:00", "it must be above zero")]
    [InlineData("LoraWal:Health:StallUnhealthy", "00:00:01", "it must be at least StallDegraded (00:00:02)")]
    [InlineData("LoraWal:Health:MinFreeBytesDegraded", "-1", "it must be 0 (never) or more")]
    [InlineData("LoraWal:Health:MinFreeBytesUnhealthy", "268435457",
        "it must be from 0 (never) to MinFreeBytesDegraded (268435456)")]
    [InlineData("LoraWal:Retention:MaxAge", "-00:00:01", "it must be zero (no limit) or more")]
    [InlineData("LoraWal:Retention:MaxBytes", "-1", "it must be 0 (no limit) or more")]
    [InlineData("LoraWal:Retention:MaxBytes", "16777215", "it must be 0 (no limit), or at least SegmentTargetBytes")]
    [InlineData("LoraWal:Retention:MaxRecords", "-1", "it must be 0 (no limit) or more")]
    [InlineData("LoraWal:Retention:Interval", "00:00:00.9990000", "it must be from 00:00:01 to 1.00:00:00")]
    public async Task A_bad_setting_stops_the_host_with_its_path_value_and_range(string path, string value, string rule)
    {
        string message = await StartMessageAsync<OptionsValidationException>(
            ("LoraWal:Directory", "/data"), (path, value));

        Assert.Contains($"{path} is ", message, StringComparison.Ordinal);
        Assert.Contains(value, message, StringComparison.Ordinal);
        Assert.Contains(rule, message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_directory_stops_the_host()
    {
        string message = await StartMessageAsync<OptionsValidationException>();
        Assert.Equal("LoraWal:Directory is ''; it must be the path of the log's directory.", message);
    }

    [Fact]
    public async Task Retention_that_begins_only_when_the_log_is_full_stops_the_host()
    {
        string message = await StartMessageAsync<OptionsValidationException>(
            ("LoraWal:Directory", "/data"),
            ("LoraWal:MaxLogBytes", "100000000"),
            ("LoraWal:Retention:MaxBytes", "100000000"));
        Assert.Equal(
            "LoraWal:Retention:MaxBytes is 100000000; it must be below MaxLogBytes (100000000), or the log is full "
            + "before retention makes room.",
            message);
    }

    [Fact]
    public async Task Record_types_in_the_configuration_stop_the_host()
    {
        string message = await StartMessageAsync<OptionsValidationException>(
            ("LoraWal:Directory", "/data"), ("LoraWal:RecordTypes:7", "Order"));
        Assert.Equal(
            "LoraWal:RecordTypes must not be in the configuration: RecordTypes is set in code only.", message);
    }

    [Fact]
    public async Task A_fence_in_the_configuration_stops_the_host()
    {
        string message = await StartMessageAsync<OptionsValidationException>(
            ("LoraWal:Directory", "/data"), ("LoraWal:ReplayAfter", "5"));
        Assert.Equal(
            "LoraWal:ReplayAfter must not be in the configuration: ReplayAfter is set in code only.", message);
    }

    [Theory]
    [InlineData("LoraWal:SegmentTargetBytes", "abc")]
    [InlineData("LoraWal:SyncMode", "Sometimes")]
    [InlineData("LoraWal:GroupSyncInterval", "soon")]
    [InlineData("LoraWal:Health:StallDegraded", "later")]
    [InlineData("LoraWal:Enabled", "perhaps")]
    public async Task A_setting_that_cannot_be_parsed_stops_the_host_with_its_path(string path, string value)
    {
        string message = await StartMessageAsync<InvalidOperationException>(
            ("LoraWal:Directory", "/data"), (path, value));
        Assert.Contains(path, message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bad_setting_of_a_keyed_log_is_named_where_it_is_set()
    {
        HostApplicationBuilder builder = HostFixture.Builder(
            new FakeOpener(),
            ("LoraWal:Directory", "/data"),
            ("LoraWal:PoisonedExitCode", "0"),
            ("LoraWal:Logs:audit:SegmentTargetBytes", "1"));
        builder.Services.AddKeyedLoraWal("audit");
        using IHost host = builder.Build();

        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains("LoraWal:Logs:audit:SegmentTargetBytes is 1;", exception.Message, StringComparison.Ordinal);
        Assert.Contains("LoraWal:PoisonedExitCode is 0;", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_defaults_are_valid()
    {
        LoraWalOptions options = Read("", ("LoraWal:Directory", "/data"));
        Assert.Equal(TimeSpan.FromSeconds(30), options.Open.Timeout);
        Assert.Equal(70, options.PoisonedExitCode);
    }

    private static LoraWalOptions Read(string key, params (string Key, string? Value)[] settings)
    {
        HostApplicationBuilder builder = HostFixture.Builder(null, settings);
        _ = key.Length == 0 ? builder.Services.AddLoraWal() : builder.Services.AddKeyedLoraWal(key);
        using IHost host = builder.Build();
        return Get(host, key);
    }

    private static LoraWalOptions Get(IHost host, string key) =>
        host.Services.GetRequiredService<IOptionsMonitor<LoraWalOptions>>().Get(key);

    private static async Task<string> StartMessageAsync<TException>(params (string Key, string? Value)[] settings)
        where TException : Exception
    {
        var opener = new FakeOpener();
        HostApplicationBuilder builder = HostFixture.Builder(opener, settings);
        builder.Services.AddLoraWal();
        using IHost host = builder.Build();
        var exception = await Assert.ThrowsAsync<TException>(() => host.StartAsync());
        Assert.Equal(0, opener.Attempts);
        return exception.Message;
    }
}

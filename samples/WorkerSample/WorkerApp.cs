using Microsoft.AspNetCore.Diagnostics.HealthChecks;

namespace WorkerSample;

/// <summary>Puts the service together. Everything that varies is in the configuration.</summary>
internal static class WorkerApp
{
    public static WebApplication Build(string[] args, Action<IServiceCollection>? replace = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            Args = args,
            ContentRootPath = ContentRoot,
        });
        IServiceCollection services = builder.Services;
        services.AddLoraWal()
            .AddRecord(EventRecords.Posted, new PostedEventSerializer())
            .AddJsonRecord(EventRecords.Reading, SampleJson.Default.LoadReading)
            .AddStateMachine<EventState>("events")
            .AddConsumer<EventForwarder>(EventForwarder.Name);
        services.AddSingleton<Sink>();
        services.AddHostedService<LoadReadings>();
        replace?.Invoke(services);

        WebApplication app = builder.Build();
        app.Use(Problems.HandleAsync);
        app.MapPost("/events", EventIntake.PostAsync);
        app.MapGet("/events", EventReads.GetEventsAsync);
        app.MapGet("/state", EventReads.GetStateAsync);
        app.MapGet("/wal", WalReport.GetAsync);
        app.MapPost("/snapshot", SnapshotOnDemand.PostAsync);
        app.MapPost(Sink.Path, Sink.PostAsync);
        app.MapGet(Sink.Path, Sink.GetAsync);
        app.MapPost($"{Sink.Path}/on", Sink.Switch(on: true));
        app.MapPost($"{Sink.Path}/off", Sink.Switch(on: false));
        MapHealth(app, "live");
        MapHealth(app, "ready");
        return app;
    }

    // The settings lie beside the program; started by `dotnet run` they are in the project, the working directory then.
    private static string ContentRoot => File.Exists("appsettings.json")
        ? Directory.GetCurrentDirectory()
        : AppContext.BaseDirectory;

    private static void MapHealth(WebApplication app, string tag) =>
        app.MapHealthChecks($"/healthz/{tag}", new HealthCheckOptions
        {
            Predicate = check => check.Tags.Contains(tag),
            ResponseWriter = HealthJson.WriteAsync,
        });
}

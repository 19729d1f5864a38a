using LoraWal.Cli;

return await new ToolApp(ToolHost.OfThisProcess()).RunAsync(args);

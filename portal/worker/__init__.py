"""The process behind the counter: talks over the link, runs jobs, pulls deadlines, seals the logs. The only one that enters the vault."""

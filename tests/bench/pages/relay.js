// Where a page of another origin goes with what it has to tell.
await fetch("/report", { method: "POST", body: decodeURIComponent(location.hash.slice(1)) });

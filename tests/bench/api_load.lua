-- wrk: requests from files. Arguments: what (hello | get | verify), the file, milliseconds between a connection's requests.
local lines, what, pause = {}, nil, 0

function init(args)
  what, pause = args[1], tonumber(args[3] or "0")
  if args[2] ~= "-" then for line in io.lines(args[2]) do lines[#lines + 1] = line end end
  math.randomseed(os.time())
end

function request()
  if what == "get" then return wrk.format("GET", "/v1/credentials/" .. lines[math.random(#lines)]) end
  if what == "verify" then
    return wrk.format("POST", "/v1/verify", { ["Content-Type"] = "application/json" }, lines[math.random(#lines)])
  end
  return wrk.format("GET", "/")
end

function delay() return pause > 0 and math.random() * 2 * pause or 0 end

function done(summary, latency)
  io.write(string.format("@ %d %d %d %d %f %f %f\n", summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end

-- Takes from all limits or from none: the same as window.py and local.py say for one machine.
-- KEYS: of each limit. ARGV: the time ("" for the server's), ticket, lease, then kind, limit, amount of each.
-- Returns {0, second}, or the place of the limit that holds for longest and the seconds ("never").
local time = redis.call('TIME')
local now = tonumber(ARGV[1]) or (tonumber(time[1]) + tonumber(time[2]) / 1000000)
local ticket, lease = ARGV[2], tonumber(ARGV[3])
local second, span = math.floor(now), 60

local function of_window(key, limit, amount)
  if amount > limit then return math.huge end
  local found, seconds, counts, total = redis.call('HGETALL', key), {}, {}, 0
  for place = 1, #found, 2 do
    local at, count = tonumber(found[place]), tonumber(found[place + 1])
    if second - span <= at and at <= second + 1 then
      seconds[#seconds + 1], counts[at], total = at, count, total + count
    else
      redis.call('HDEL', key, found[place])
    end
  end
  local over = total + amount - limit
  if over <= 0 then return 0 end
  table.sort(seconds)
  for _, at in ipairs(seconds) do
    over = over - counts[at]
    if over <= 0 then return math.ceil((at + span + 1 - now) * 1000) / 1000 end
  end
  return 0
end

local function of_slots(key, limit, amount)
  if amount > limit then return math.huge end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  redis.call('ZREMRANGEBYSCORE', key, string.format('(%.6f', now + lease + 1), '+inf')
  if redis.call('ZCARD', key) + amount > limit then return 1 end
  return 0
end

local hardest, longest = 0, 0
for place, key in ipairs(KEYS) do
  local kind, limit, amount = ARGV[3 * place + 1], tonumber(ARGV[3 * place + 2]), tonumber(ARGV[3 * place + 3])
  local wait = (kind == 'parallel' and of_slots or of_window)(key, limit, amount)
  if wait > longest then hardest, longest = place, wait end
end
if hardest > 0 then
  return {hardest, longest == math.huge and 'never' or string.format('%.3f', longest)}
end

for place, key in ipairs(KEYS) do
  if ARGV[3 * place + 1] == 'parallel' then
    redis.call('ZADD', key, string.format('%.6f', now + lease), ticket)
    redis.call('EXPIRE', key, lease + 1)
  else
    redis.call('HINCRBY', key, second, ARGV[3 * place + 3])
    redis.call('EXPIRE', key, span + 2)
  end
end
return {0, tostring(second)}

-- Takes in the news of a process, and tells what is to be left alone if that has changed since it last asked.
-- KEYS: what is left alone, its version, then of limits. ARGV: the time ("" for the server's), lease,
-- the version that is known, how many may be left alone, and the news as JSON: places in KEYS, for names.
-- Returns {version}, or {version, name, seconds, name, seconds …}.
local time = redis.call('TIME')
local now = tonumber(ARGV[1]) or (tonumber(time[1]) + tonumber(time[2]) / 1000000)
local lease, known, most, news = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), cjson.decode(ARGV[5])
local cooling, version = KEYS[1], KEYS[2]

for _, each in ipairs(news.spent) do
  local key, second, more = KEYS[each[1]], each[2], each[3]
  if more > 0 then
    redis.call('HINCRBY', key, math.floor(now), more)
    redis.call('EXPIRE', key, 62)
  else
    local held = redis.call('HGET', key, second)
    if held then redis.call('HSET', key, second, math.max(0, tonumber(held) + more)) end
  end
end
for _, each in ipairs(news.freed) do
  redis.call('ZREM', KEYS[each[1]], each[2])
end
for _, each in ipairs(news.renewed) do
  redis.call('ZADD', KEYS[each[1]], string.format('%.6f', now + lease), each[2])
  redis.call('EXPIRE', KEYS[each[1]], lease + 1)
end
for _, each in ipairs(news.cooled) do
  if each[2] > 0 then
    redis.call('ZADD', cooling, 'GT', string.format('%.6f', now + each[2]), each[1])
  else
    redis.call('ZREM', cooling, each[1])
  end
end
if #news.cooled > 0 then
  redis.call('ZREMRANGEBYSCORE', cooling, '-inf', now)
  redis.call('ZREMRANGEBYRANK', cooling, 0, -most - 1)
  local last = redis.call('ZRANGE', cooling, -1, -1, 'WITHSCORES')
  -- Not a number that rises: after a restart it could rise to one that is known already.
  redis.call('SET', version, time[1] .. '.' .. time[2] .. '.' .. redis.sha1hex(ARGV[5]))
  if last[2] then
    redis.call('PEXPIRE', cooling, math.ceil((tonumber(last[2]) - now) * 1000) + 60000)
  end
end

local current = redis.call('GET', version) or ''
if current == known then return {current} end
local reply = {current}
local found = redis.call('ZRANGEBYSCORE', cooling, string.format('(%.6f', now), '+inf', 'WITHSCORES')
for place = 1, #found, 2 do
  reply[#reply + 1] = found[place]
  reply[#reply + 1] = string.format('%.3f', tonumber(found[place + 1]) - now)
end
return reply

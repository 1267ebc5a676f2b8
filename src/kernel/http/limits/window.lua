-- Counts one request in all the counters (KEYS), or in none when one of them is full.
--
-- The rule is that of window.rs: a sliding window over groups of requests, each "last:count" with
-- the time of its latest request in milliseconds, oldest first.
--
-- ARGV: the time now in milliseconds, the parts of a window, then for each counter its quota and
-- its window in milliseconds. Returns for each counter: requests in the window, milliseconds until
-- one would be admitted (0: this one is, as far as this counter goes), milliseconds until empty.
local now = tonumber(ARGV[1])
local grains = tonumber(ARGV[2])
local counters = {}
local refused = false

for i, key in ipairs(KEYS) do
  local quota = tonumber(ARGV[1 + 2 * i])
  local window = tonumber(ARGV[2 + 2 * i])
  local groups, used = {}, 0
  for last, count in string.gmatch(redis.call('GET', key) or '', '(%d+):(%d+)') do
    last, count = math.min(tonumber(last), now), tonumber(count)
    if last > now - window then
      groups[#groups + 1] = { last, count }
      used = used + count
    end
  end
  local wait, left = 0, used
  for _, group in ipairs(groups) do
    if left < quota then break end
    left = left - group[2]
    if left < quota then wait = group[1] + window - now end
  end
  refused = refused or wait > 0
  counters[i] = { key = key, window = window, groups = groups, used = used, wait = wait }
end

local answer = {}
for _, counter in ipairs(counters) do
  local groups, window = counter.groups, counter.window
  if not refused then
    local grain = math.max(math.floor(window / grains), 1)
    local newest = groups[#groups]
    if newest and math.floor(newest[1] / grain) == math.floor(now / grain) then
      newest[1], newest[2] = now, newest[2] + 1
    else
      groups[#groups + 1] = { now, 1 }
    end
    counter.used = counter.used + 1
    local parts = {}
    for i, group in ipairs(groups) do
      parts[i] = string.format('%.0f:%.0f', group[1], group[2])
    end
    redis.call('SET', counter.key, table.concat(parts, ' '), 'PX', string.format('%.0f', window))
  end
  local newest = groups[#groups]
  answer[#answer + 1] = counter.used
  answer[#answer + 1] = counter.wait
  answer[#answer + 1] = newest and newest[1] + window - now or 0
end
return answer

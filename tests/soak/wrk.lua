-- The table of requests over HTTP/1.1, for wrk. A problem document has the request id of its row; any other response, also
-- a Connect error, must be that of a row with its status.
local rows, by_status, threads = {}, {}, {}

for line in io.lines("tests/soak/requests") do
    local columns = {}
    for column in (line .. "|"):gmatch("(.-)|") do columns[#columns + 1] = column:match("^%s*(.-)%s*$") end
    if #columns >= 6 and line:sub(1, 1) ~= "#" then
        rows[#rows + 1] = columns
        local status = tonumber(columns[5])
        by_status[status] = by_status[status] or {}
        table.insert(by_status[status], columns[6])
    end
end
assert(#rows > 20, "the table of requests is not read")

function setup(thread) table.insert(threads, thread) end

function init()
    prepared, at, responses, wrong, first = {}, 0, 0, 0, ""
    for number, row in ipairs(rows) do
        local headers = { ["x-request-id"] = "row-" .. number }
        for field in (row[3] .. " & "):gmatch("(.-) & ") do
            local name, value = field:match("^([%w-]+): (.*)$")
            if name then headers[name] = value end
        end
        prepared[number] = wrk.format(row[1], row[2], headers, row[4] ~= "" and row[4] or nil)
    end
end

function request()
    at = at % #prepared + 1
    return prepared[at]
end

function response(status, headers, body)
    local lines = {}
    for name, value in pairs(headers) do lines[#lines + 1] = name:lower() .. ": " .. value end
    local text, found = table.concat(lines, "\n") .. "\n" .. body, false
    if status >= 400 and not text:find("content-type: application/json", 1, true) then
        local row = rows[tonumber(body:match("row%-(%d+)")) or 0]
        found = row and tonumber(row[5]) == status and text:find(row[6], 1, true)
    else
        for _, expected in ipairs(by_status[status] or {}) do
            found = found or text:find(expected, 1, true)
        end
    end
    responses = responses + 1
    if not found then
        wrong = wrong + 1
        if first == "" then first = status .. "\n" .. text end
    end
end

function done(summary, latency, requests)
    local responses, wrong = 0, 0
    for _, thread in ipairs(threads) do
        responses, wrong = responses + thread:get("responses"), wrong + thread:get("wrong")
        if thread:get("first") ~= "" then print("wrong: " .. thread:get("first")) end
    end
    local errors = summary.errors
    print(("wrk: %d responses, %d wrong; connect %d, read %d, write %d, timeout %d"):format(
        responses, wrong, errors.connect, errors.read, errors.write, errors.timeout))
end

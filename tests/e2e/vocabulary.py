"""The mail vocabulary, name and kind to the letter: what dashboards, alerts and exporters know. The test's own copy:
it must not follow the code."""

COUNTERS = """
    chasquid/queue/dsnQueued chasquid/queue/itemsWritten chasquid/queue/putCount chasquid/smtpIn/loopsDetected
    chasquid/smtpIn/dkimSigned chasquid/smtpIn/dkimSignErrors chasquid/smtpIn/dkimVerifyFound
    chasquid/smtpIn/dkimVerifyNotFound chasquid/smtpIn/dkimVerifyValid chasquid/smtpIn/dkimVerifyErrors
    chasquid/sts/cache/expired chasquid/sts/cache/failedFetch chasquid/sts/cache/fetches chasquid/sts/cache/hits
    chasquid/sts/cache/invalid chasquid/sts/cache/ioErrors chasquid/sts/cache/marshalErrors
    chasquid/sts/cache/refreshCycles chasquid/sts/cache/refreshErrors chasquid/sts/cache/refreshes
    chasquid/sts/cache/unmarshalErrors
""".split()

# Counter maps and their label.
MAPS = {
    "chasquid/aliases/hookResults": "result",
    "chasquid/queue/deliverAttempts": "recipient_type",
    "chasquid/smtpIn/commandCount": "command",
    "chasquid/smtpIn/hookResults": "result",
    "chasquid/smtpIn/responseCodeCount": "code",
    "chasquid/smtpIn/securityLevelChecks": "result",
    "chasquid/smtpIn/spfResultCount": "result",
    "chasquid/smtpIn/tlsCount": "status",
    "chasquid/smtpIn/wrongProtoCount": "command",
    "chasquid/smtpOut/securityLevelChecks": "result",
    "chasquid/smtpOut/sts/mode": "mode",
    "chasquid/smtpOut/sts/security": "result",
    "chasquid/smtpOut/tlsCount": "status",
}
GAUGES = ["chasquid/sourceDateTimestamp"]
TEXTS = ["chasquid/sourceDateStr", "chasquid/version"]

ALL = {*COUNTERS, *MAPS, *GAUGES, *TEXTS}

MEMSTATS = """
    Alloc TotalAlloc Sys HeapAlloc HeapInuse HeapSys Mallocs Frees NumGC PauseNs PauseTotalNs
""".split()

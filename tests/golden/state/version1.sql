BEGIN TRANSACTION;
CREATE TABLE family (
            name       TEXT NOT NULL PRIMARY KEY,
            kind       INTEGER NOT NULL,  -- Kind of quipu.proto
            help       TEXT NOT NULL,
            unit       TEXT NOT NULL,
            label_name TEXT NOT NULL,     -- empty: no label
            merge      INTEGER NOT NULL,  -- Merge of quipu.proto
            bounds     TEXT NOT NULL,     -- of a histogram, "0.1 0.5 1"
            sum_unit   REAL NOT NULL
        ) STRICT, WITHOUT ROWID;
INSERT INTO "family" VALUES('chasquid/aliases/hookResults',0,'alias hook calls, by hook and result','','result',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/queue/deliverAttempts',0,'delivery attempts, by kind of recipient','','recipient_type',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/queue/dsnQueued',0,'delivery status notifications generated and queued','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/queue/itemsWritten',0,'queue items written to disk','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/queue/putCount',0,'envelopes put in the queue','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/smtpIn/commandCount',0,'SMTP commands received, by command','','command',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/smtpIn/dkimSignErrors',0,'messages that could not be signed with DKIM','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/smtpIn/dkimSigned',0,'messages signed with DKIM','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/smtpIn/dkimVerifyErrors',0,'messages whose DKIM signature could not be verified','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/smtpIn/dkimVerifyFound',0,'messages with a DKIM signature','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/smtpIn/dkimVerifyNotFound',0,'messages without a DKIM signature','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/smtpIn/dkimVerifyValid',0,'messages with a valid DKIM signature','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/smtpIn/hookResults',0,'post-DATA hook calls, by result','','result',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/smtpIn/loopsDetected',0,'mail loops detected','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/smtpIn/responseCodeCount',0,'replies sent to SMTP clients, by code','','code',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/smtpIn/securityLevelChecks',0,'security level checks on incoming connections, by result','','result',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/smtpIn/spfResultCount',0,'SPF checks, by result','','result',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/smtpIn/tlsCount',0,'messages received, by use of TLS','','status',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/smtpIn/wrongProtoCount',0,'commands of other protocols received, by command','','command',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/smtpOut/securityLevelChecks',0,'security level checks on outgoing connections, by result','','result',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/smtpOut/sts/mode',0,'outgoing MTA-STS policies seen, by mode','','mode',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/smtpOut/sts/security',0,'outgoing MTA-STS checks, by result','','result',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/smtpOut/tlsCount',0,'outgoing connections, by use of TLS','','status',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/sts/cache/expired',0,'expired entries in the MTA-STS cache','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/sts/cache/failedFetch',0,'MTA-STS policy fetches that failed','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/sts/cache/fetches',0,'MTA-STS policy fetches','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/sts/cache/hits',0,'hits in the MTA-STS cache','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/sts/cache/invalid',0,'invalid policies in the MTA-STS cache','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/sts/cache/ioErrors',0,'I/O errors keeping the MTA-STS cache','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/sts/cache/marshalErrors',0,'errors writing MTA-STS cache entries','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/sts/cache/refreshCycles',0,'refresh cycles of the MTA-STS cache','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/sts/cache/refreshErrors',0,'failed refreshes of MTA-STS cache entries','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/sts/cache/refreshes',0,'refreshes of MTA-STS cache entries','','',0,'',1.0);
INSERT INTO "family" VALUES('chasquid/sts/cache/unmarshalErrors',0,'errors reading MTA-STS cache entries','','',0,'',1.0);
INSERT INTO "family" VALUES('quipu/emitter/droppedEvents',0,'trace events lost because a ring was full','','',0,'',1.0);
INSERT INTO "family" VALUES('quipu/emitter/droppedTraces',0,'traces lost whole because too many were open','','',0,'',1.0);
INSERT INTO "family" VALUES('quipu/emitter/foldedLabels',0,'counts that went to the label (other)','','',0,'',1.0);
INSERT INTO "family" VALUES('quipu/emitter/refusedSeries',0,'series refused: too many, or of another kind','','',0,'',1.0);
INSERT INTO "family" VALUES('quipu/emitter/sampledOutTraces',0,'traces not sent because quipud asked for fewer','','',0,'',1.0);
INSERT INTO "family" VALUES('quipu/emitter/traceSeconds',3,'how long traces took, by family','seconds','family',0,'0.005 0.01 0.05 0.1 0.3 1 10',1.0e-09);
CREATE TABLE instance (
            instance      BLOB NOT NULL PRIMARY KEY,
            program       TEXT NOT NULL,
            version       TEXT NOT NULL,
            hostname      TEXT NOT NULL,
            start_wall_ns INTEGER NOT NULL,
            pid           INTEGER NOT NULL,
            uid           INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
INSERT INTO "instance" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','maild','0.1.0','mx.example',1795630752729978346,19014,0);
CREATE TABLE instance_count (
            instance BLOB NOT NULL,
            family   TEXT NOT NULL,
            label    TEXT NOT NULL,
            cell     INTEGER NOT NULL,
            value    INTEGER NOT NULL,
            PRIMARY KEY (instance, family, label, cell)
        ) STRICT, WITHOUT ROWID;
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/aliases/hookResults','resolve:skip',0,14);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/queue/deliverAttempts','email:local',0,9);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/queue/deliverAttempts','pipe',0,4);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/queue/dsnQueued','',0,1);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/queue/itemsWritten','',0,11);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/queue/putCount','',0,11);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/commandCount','DATA',0,12);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/commandCount','EHLO',0,10);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/commandCount','HELO',0,1);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/commandCount','MAIL',0,17);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/commandCount','QUIT',0,11);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/commandCount','RCPT',0,16);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/commandCount','unknown<"AB">',0,1);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/commandCount','unknown<"EHLOX">',0,1);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/commandCount','unknown<"MUCHTO">',0,1);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/commandCount','unknown<"Q\"UOTE">',0,1);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/commandCount','unknown<"XYZZY">',0,1);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/hookResults','post-data:skip',0,10);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/responseCodeCount','220',0,12);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/responseCodeCount','221',0,11);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/responseCodeCount','250',0,45);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/responseCodeCount','354',0,10);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/responseCodeCount','500',0,5);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/responseCodeCount','501',0,3);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/responseCodeCount','503',0,5);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/responseCodeCount','550',0,1);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/responseCodeCount','553',0,1);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/responseCodeCount','555',0,1);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','chasquid/smtpIn/tlsCount','plain',0,10);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','Courier.Maildir',0,3);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','Courier.Maildir',1,6);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','Courier.Maildir',8,48556953);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','Courier.Pipe',0,2);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','Courier.Pipe',1,2);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','Courier.Pipe',8,20716841);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','Queue.Put',0,8);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','Queue.Put',1,2);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','Queue.Put',2,1);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','Queue.Put',8,41361264);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','Queue.SendDSN',0,2);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','Queue.SendDSN',8,1727646);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','Queue.SendLoop',0,1);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','Queue.SendLoop',1,4);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','Queue.SendLoop',2,6);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','Queue.SendLoop',8,116428313);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','SMTP.Conn',0,2);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','SMTP.Conn',2,9);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','SMTP.Conn',3,1);
INSERT INTO "instance_count" VALUES(X'C8CD8B3F988B4F331ED966657EAE3E7D','quipu/emitter/traceSeconds','SMTP.Conn',8,314881356);
CREATE TABLE retired (
            family TEXT NOT NULL,
            label  TEXT NOT NULL,
            cell   INTEGER NOT NULL,      -- 0, or the index in a histogram
            value  INTEGER NOT NULL,
            PRIMARY KEY (family, label, cell)
        ) STRICT, WITHOUT ROWID;
INSERT INTO "retired" VALUES('chasquid/aliases/hookResults','resolve:skip',0,28);
INSERT INTO "retired" VALUES('chasquid/queue/deliverAttempts','email:local',0,17);
INSERT INTO "retired" VALUES('chasquid/queue/deliverAttempts','email:remote',0,0);
INSERT INTO "retired" VALUES('chasquid/queue/deliverAttempts','forward',0,0);
INSERT INTO "retired" VALUES('chasquid/queue/deliverAttempts','pipe',0,6);
INSERT INTO "retired" VALUES('chasquid/queue/dsnQueued','',0,1);
INSERT INTO "retired" VALUES('chasquid/queue/itemsWritten','',0,19);
INSERT INTO "retired" VALUES('chasquid/queue/putCount','',0,19);
INSERT INTO "retired" VALUES('chasquid/smtpIn/commandCount','DATA',0,24);
INSERT INTO "retired" VALUES('chasquid/smtpIn/commandCount','EHLO',0,21);
INSERT INTO "retired" VALUES('chasquid/smtpIn/commandCount','HELO',0,2);
INSERT INTO "retired" VALUES('chasquid/smtpIn/commandCount','HELP',0,1);
INSERT INTO "retired" VALUES('chasquid/smtpIn/commandCount','MAIL',0,31);
INSERT INTO "retired" VALUES('chasquid/smtpIn/commandCount','NOOP',0,2);
INSERT INTO "retired" VALUES('chasquid/smtpIn/commandCount','QUIT',0,23);
INSERT INTO "retired" VALUES('chasquid/smtpIn/commandCount','RCPT',0,31);
INSERT INTO "retired" VALUES('chasquid/smtpIn/commandCount','RSET',0,1);
INSERT INTO "retired" VALUES('chasquid/smtpIn/commandCount','STARTTLS',0,0);
INSERT INTO "retired" VALUES('chasquid/smtpIn/commandCount','VRFY',0,1);
INSERT INTO "retired" VALUES('chasquid/smtpIn/commandCount','unknown<"AB">',0,1);
INSERT INTO "retired" VALUES('chasquid/smtpIn/commandCount','unknown<"EHLOX">',0,1);
INSERT INTO "retired" VALUES('chasquid/smtpIn/commandCount','unknown<"MUCHTO">',0,1);
INSERT INTO "retired" VALUES('chasquid/smtpIn/commandCount','unknown<"Q\"UOTE">',0,1);
INSERT INTO "retired" VALUES('chasquid/smtpIn/commandCount','unknown<"XYZZY">',0,1);
INSERT INTO "retired" VALUES('chasquid/smtpIn/dkimSignErrors','',0,0);
INSERT INTO "retired" VALUES('chasquid/smtpIn/dkimSigned','',0,0);
INSERT INTO "retired" VALUES('chasquid/smtpIn/dkimVerifyErrors','',0,0);
INSERT INTO "retired" VALUES('chasquid/smtpIn/dkimVerifyFound','',0,0);
INSERT INTO "retired" VALUES('chasquid/smtpIn/dkimVerifyNotFound','',0,0);
INSERT INTO "retired" VALUES('chasquid/smtpIn/dkimVerifyValid','',0,0);
INSERT INTO "retired" VALUES('chasquid/smtpIn/hookResults','post-data:skip',0,18);
INSERT INTO "retired" VALUES('chasquid/smtpIn/loopsDetected','',0,1);
INSERT INTO "retired" VALUES('chasquid/smtpIn/responseCodeCount','214',0,1);
INSERT INTO "retired" VALUES('chasquid/smtpIn/responseCodeCount','220',0,25);
INSERT INTO "retired" VALUES('chasquid/smtpIn/responseCodeCount','221',0,23);
INSERT INTO "retired" VALUES('chasquid/smtpIn/responseCodeCount','250',0,95);
INSERT INTO "retired" VALUES('chasquid/smtpIn/responseCodeCount','252',0,1);
INSERT INTO "retired" VALUES('chasquid/smtpIn/responseCodeCount','354',0,21);
INSERT INTO "retired" VALUES('chasquid/smtpIn/responseCodeCount','421',0,0);
INSERT INTO "retired" VALUES('chasquid/smtpIn/responseCodeCount','500',0,5);
INSERT INTO "retired" VALUES('chasquid/smtpIn/responseCodeCount','501',0,3);
INSERT INTO "retired" VALUES('chasquid/smtpIn/responseCodeCount','502',0,1);
INSERT INTO "retired" VALUES('chasquid/smtpIn/responseCodeCount','503',0,6);
INSERT INTO "retired" VALUES('chasquid/smtpIn/responseCodeCount','550',0,2);
INSERT INTO "retired" VALUES('chasquid/smtpIn/responseCodeCount','552',0,2);
INSERT INTO "retired" VALUES('chasquid/smtpIn/responseCodeCount','553',0,1);
INSERT INTO "retired" VALUES('chasquid/smtpIn/responseCodeCount','554',0,2);
INSERT INTO "retired" VALUES('chasquid/smtpIn/responseCodeCount','555',0,1);
INSERT INTO "retired" VALUES('chasquid/smtpIn/tlsCount','plain',0,18);
INSERT INTO "retired" VALUES('chasquid/smtpIn/tlsCount','tls',0,0);
INSERT INTO "retired" VALUES('chasquid/smtpIn/wrongProtoCount','GET',0,1);
INSERT INTO "retired" VALUES('chasquid/smtpOut/tlsCount','plain',0,0);
INSERT INTO "retired" VALUES('chasquid/smtpOut/tlsCount','tls:failed',0,0);
INSERT INTO "retired" VALUES('chasquid/smtpOut/tlsCount','tls:insecure',0,0);
INSERT INTO "retired" VALUES('chasquid/smtpOut/tlsCount','tls:secure',0,0);
INSERT INTO "retired" VALUES('chasquid/sts/cache/expired','',0,0);
INSERT INTO "retired" VALUES('chasquid/sts/cache/failedFetch','',0,0);
INSERT INTO "retired" VALUES('chasquid/sts/cache/fetches','',0,0);
INSERT INTO "retired" VALUES('chasquid/sts/cache/hits','',0,0);
INSERT INTO "retired" VALUES('chasquid/sts/cache/invalid','',0,0);
INSERT INTO "retired" VALUES('chasquid/sts/cache/ioErrors','',0,0);
INSERT INTO "retired" VALUES('chasquid/sts/cache/marshalErrors','',0,0);
INSERT INTO "retired" VALUES('chasquid/sts/cache/refreshCycles','',0,0);
INSERT INTO "retired" VALUES('chasquid/sts/cache/refreshErrors','',0,0);
INSERT INTO "retired" VALUES('chasquid/sts/cache/refreshes','',0,0);
INSERT INTO "retired" VALUES('chasquid/sts/cache/unmarshalErrors','',0,0);
INSERT INTO "retired" VALUES('quipu/emitter/droppedEvents','',0,0);
INSERT INTO "retired" VALUES('quipu/emitter/droppedTraces','',0,0);
INSERT INTO "retired" VALUES('quipu/emitter/foldedLabels','',0,0);
INSERT INTO "retired" VALUES('quipu/emitter/refusedSeries','',0,0);
INSERT INTO "retired" VALUES('quipu/emitter/sampledOutTraces','',0,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Courier.Maildir',0,4);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Courier.Maildir',1,12);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Courier.Maildir',2,1);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Courier.Maildir',3,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Courier.Maildir',4,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Courier.Maildir',5,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Courier.Maildir',6,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Courier.Maildir',7,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Courier.Maildir',8,121501556);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Courier.Pipe',0,3);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Courier.Pipe',1,1);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Courier.Pipe',2,2);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Courier.Pipe',3,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Courier.Pipe',4,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Courier.Pipe',5,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Courier.Pipe',6,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Courier.Pipe',7,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Courier.Pipe',8,38915270);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.Put',0,16);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.Put',1,3);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.Put',2,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.Put',3,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.Put',4,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.Put',5,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.Put',6,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.Put',7,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.Put',8,66673352);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.SendDSN',0,1);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.SendDSN',1,1);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.SendDSN',2,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.SendDSN',3,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.SendDSN',4,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.SendDSN',5,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.SendDSN',6,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.SendDSN',7,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.SendDSN',8,6797305);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.SendLoop',0,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.SendLoop',1,4);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.SendLoop',2,15);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.SendLoop',3,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.SendLoop',4,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.SendLoop',5,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.SendLoop',6,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.SendLoop',7,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','Queue.SendLoop',8,236971946);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','SMTP.Conn',0,5);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','SMTP.Conn',1,2);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','SMTP.Conn',2,16);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','SMTP.Conn',3,1);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','SMTP.Conn',4,1);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','SMTP.Conn',5,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','SMTP.Conn',6,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','SMTP.Conn',7,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','SMTP.Conn',8,605263263);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','SMTP.Listen',0,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','SMTP.Listen',1,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','SMTP.Listen',2,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','SMTP.Listen',3,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','SMTP.Listen',4,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','SMTP.Listen',5,1);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','SMTP.Listen',6,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','SMTP.Listen',7,0);
INSERT INTO "retired" VALUES('quipu/emitter/traceSeconds','SMTP.Listen',8,376639997);
PRAGMA user_version = 1;
COMMIT;

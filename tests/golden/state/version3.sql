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
INSERT INTO family VALUES('chasquid/aliases/hookResults',0,'alias hook calls, by hook and result','','result',0,'',1.0);
INSERT INTO family VALUES('chasquid/queue/deliverAttempts',0,'delivery attempts, by kind of recipient','','recipient_type',0,'',1.0);
INSERT INTO family VALUES('chasquid/queue/dsnQueued',0,'delivery status notifications generated and queued','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/queue/itemsWritten',0,'queue items written to disk','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/queue/putCount',0,'envelopes put in the queue','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/smtpIn/commandCount',0,'SMTP commands received, by command','','command',0,'',1.0);
INSERT INTO family VALUES('chasquid/smtpIn/dkimSignErrors',0,'messages that could not be signed with DKIM','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/smtpIn/dkimSigned',0,'messages signed with DKIM','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/smtpIn/dkimVerifyErrors',0,'messages whose DKIM signature could not be verified','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/smtpIn/dkimVerifyFound',0,'messages with a DKIM signature','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/smtpIn/dkimVerifyNotFound',0,'messages without a DKIM signature','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/smtpIn/dkimVerifyValid',0,'messages with a valid DKIM signature','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/smtpIn/hookResults',0,'post-DATA hook calls, by result','','result',0,'',1.0);
INSERT INTO family VALUES('chasquid/smtpIn/loopsDetected',0,'mail loops detected','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/smtpIn/responseCodeCount',0,'replies sent to SMTP clients, by code','','code',0,'',1.0);
INSERT INTO family VALUES('chasquid/smtpIn/securityLevelChecks',0,'security level checks on incoming connections, by result','','result',0,'',1.0);
INSERT INTO family VALUES('chasquid/smtpIn/spfResultCount',0,'SPF checks, by result','','result',0,'',1.0);
INSERT INTO family VALUES('chasquid/smtpIn/tlsCount',0,'messages received, by use of TLS','','status',0,'',1.0);
INSERT INTO family VALUES('chasquid/smtpIn/wrongProtoCount',0,'commands of other protocols received, by command','','command',0,'',1.0);
INSERT INTO family VALUES('chasquid/smtpOut/securityLevelChecks',0,'security level checks on outgoing connections, by result','','result',0,'',1.0);
INSERT INTO family VALUES('chasquid/smtpOut/sts/mode',0,'outgoing MTA-STS policies seen, by mode','','mode',0,'',1.0);
INSERT INTO family VALUES('chasquid/smtpOut/sts/security',0,'outgoing MTA-STS checks, by result','','result',0,'',1.0);
INSERT INTO family VALUES('chasquid/smtpOut/tlsCount',0,'outgoing connections, by use of TLS','','status',0,'',1.0);
INSERT INTO family VALUES('chasquid/sts/cache/expired',0,'expired entries in the MTA-STS cache','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/sts/cache/failedFetch',0,'MTA-STS policy fetches that failed','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/sts/cache/fetches',0,'MTA-STS policy fetches','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/sts/cache/hits',0,'hits in the MTA-STS cache','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/sts/cache/invalid',0,'invalid policies in the MTA-STS cache','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/sts/cache/ioErrors',0,'I/O errors keeping the MTA-STS cache','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/sts/cache/marshalErrors',0,'errors writing MTA-STS cache entries','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/sts/cache/refreshCycles',0,'refresh cycles of the MTA-STS cache','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/sts/cache/refreshErrors',0,'failed refreshes of MTA-STS cache entries','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/sts/cache/refreshes',0,'refreshes of MTA-STS cache entries','','',0,'',1.0);
INSERT INTO family VALUES('chasquid/sts/cache/unmarshalErrors',0,'errors reading MTA-STS cache entries','','',0,'',1.0);
INSERT INTO family VALUES('quipu/emitter/droppedEvents',0,'trace events lost because a ring was full','','',0,'',1.0);
INSERT INTO family VALUES('quipu/emitter/droppedTraces',0,'traces lost whole because too many were open','','',0,'',1.0);
INSERT INTO family VALUES('quipu/emitter/foldedLabels',0,'counts that went to the label (other)','','',0,'',1.0);
INSERT INTO family VALUES('quipu/emitter/refusedSeries',0,'series refused: too many, or of another kind','','',0,'',1.0);
INSERT INTO family VALUES('quipu/emitter/sampledOutTraces',0,'traces not sent because quipud asked for fewer','','',0,'',1.0);
INSERT INTO family VALUES('quipu/emitter/traceSeconds',3,'how long traces took, by family','seconds','family',0,'0.005 0.01 0.05 0.1 0.3 1 10',1.0000000000000000622e-09);
INSERT INTO family VALUES('quipu/emitter/untrackedTasks',0,'tasks not listed because too many were under way','','',0,'',1.0);
CREATE TABLE retired (
            family TEXT NOT NULL,
            label  TEXT NOT NULL,
            cell   INTEGER NOT NULL,      -- 0, or the index in a histogram
            value  INTEGER NOT NULL,
            PRIMARY KEY (family, label, cell)
        ) STRICT, WITHOUT ROWID;
INSERT INTO retired VALUES('chasquid/aliases/hookResults','resolve:skip',0,5);
INSERT INTO retired VALUES('chasquid/queue/deliverAttempts','email:local',0,5);
INSERT INTO retired VALUES('chasquid/queue/deliverAttempts','email:remote',0,0);
INSERT INTO retired VALUES('chasquid/queue/deliverAttempts','forward',0,0);
INSERT INTO retired VALUES('chasquid/queue/deliverAttempts','pipe',0,0);
INSERT INTO retired VALUES('chasquid/queue/dsnQueued','',0,0);
INSERT INTO retired VALUES('chasquid/queue/itemsWritten','',0,5);
INSERT INTO retired VALUES('chasquid/queue/putCount','',0,5);
INSERT INTO retired VALUES('chasquid/smtpIn/commandCount','DATA',0,5);
INSERT INTO retired VALUES('chasquid/smtpIn/commandCount','EHLO',0,2);
INSERT INTO retired VALUES('chasquid/smtpIn/commandCount','HELO',0,1);
INSERT INTO retired VALUES('chasquid/smtpIn/commandCount','HELP',0,0);
INSERT INTO retired VALUES('chasquid/smtpIn/commandCount','MAIL',0,5);
INSERT INTO retired VALUES('chasquid/smtpIn/commandCount','NOOP',0,0);
INSERT INTO retired VALUES('chasquid/smtpIn/commandCount','QUIT',0,3);
INSERT INTO retired VALUES('chasquid/smtpIn/commandCount','RCPT',0,5);
INSERT INTO retired VALUES('chasquid/smtpIn/commandCount','RSET',0,0);
INSERT INTO retired VALUES('chasquid/smtpIn/commandCount','STARTTLS',0,0);
INSERT INTO retired VALUES('chasquid/smtpIn/commandCount','VRFY',0,0);
INSERT INTO retired VALUES('chasquid/smtpIn/dkimSignErrors','',0,0);
INSERT INTO retired VALUES('chasquid/smtpIn/dkimSigned','',0,0);
INSERT INTO retired VALUES('chasquid/smtpIn/dkimVerifyErrors','',0,0);
INSERT INTO retired VALUES('chasquid/smtpIn/dkimVerifyFound','',0,0);
INSERT INTO retired VALUES('chasquid/smtpIn/dkimVerifyNotFound','',0,0);
INSERT INTO retired VALUES('chasquid/smtpIn/dkimVerifyValid','',0,0);
INSERT INTO retired VALUES('chasquid/smtpIn/hookResults','post-data:skip',0,5);
INSERT INTO retired VALUES('chasquid/smtpIn/loopsDetected','',0,0);
INSERT INTO retired VALUES('chasquid/smtpIn/responseCodeCount','220',0,3);
INSERT INTO retired VALUES('chasquid/smtpIn/responseCodeCount','221',0,3);
INSERT INTO retired VALUES('chasquid/smtpIn/responseCodeCount','250',0,18);
INSERT INTO retired VALUES('chasquid/smtpIn/responseCodeCount','354',0,5);
INSERT INTO retired VALUES('chasquid/smtpIn/responseCodeCount','421',0,0);
INSERT INTO retired VALUES('chasquid/smtpIn/responseCodeCount','500',0,0);
INSERT INTO retired VALUES('chasquid/smtpIn/responseCodeCount','501',0,0);
INSERT INTO retired VALUES('chasquid/smtpIn/responseCodeCount','503',0,0);
INSERT INTO retired VALUES('chasquid/smtpIn/responseCodeCount','550',0,0);
INSERT INTO retired VALUES('chasquid/smtpIn/responseCodeCount','554',0,0);
INSERT INTO retired VALUES('chasquid/smtpIn/tlsCount','plain',0,5);
INSERT INTO retired VALUES('chasquid/smtpIn/tlsCount','tls',0,0);
INSERT INTO retired VALUES('chasquid/smtpOut/tlsCount','plain',0,0);
INSERT INTO retired VALUES('chasquid/smtpOut/tlsCount','tls:failed',0,0);
INSERT INTO retired VALUES('chasquid/smtpOut/tlsCount','tls:insecure',0,0);
INSERT INTO retired VALUES('chasquid/smtpOut/tlsCount','tls:secure',0,0);
INSERT INTO retired VALUES('chasquid/sts/cache/expired','',0,0);
INSERT INTO retired VALUES('chasquid/sts/cache/failedFetch','',0,0);
INSERT INTO retired VALUES('chasquid/sts/cache/fetches','',0,0);
INSERT INTO retired VALUES('chasquid/sts/cache/hits','',0,0);
INSERT INTO retired VALUES('chasquid/sts/cache/invalid','',0,0);
INSERT INTO retired VALUES('chasquid/sts/cache/ioErrors','',0,0);
INSERT INTO retired VALUES('chasquid/sts/cache/marshalErrors','',0,0);
INSERT INTO retired VALUES('chasquid/sts/cache/refreshCycles','',0,0);
INSERT INTO retired VALUES('chasquid/sts/cache/refreshErrors','',0,0);
INSERT INTO retired VALUES('chasquid/sts/cache/refreshes','',0,0);
INSERT INTO retired VALUES('chasquid/sts/cache/unmarshalErrors','',0,0);
INSERT INTO retired VALUES('quipu/emitter/droppedEvents','',0,0);
INSERT INTO retired VALUES('quipu/emitter/droppedTraces','',0,0);
INSERT INTO retired VALUES('quipu/emitter/foldedLabels','',0,0);
INSERT INTO retired VALUES('quipu/emitter/refusedSeries','',0,0);
INSERT INTO retired VALUES('quipu/emitter/sampledOutTraces','',0,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Courier.Maildir',0,5);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Courier.Maildir',1,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Courier.Maildir',2,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Courier.Maildir',3,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Courier.Maildir',4,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Courier.Maildir',5,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Courier.Maildir',6,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Courier.Maildir',7,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Courier.Maildir',8,3252189);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Queue.Put',0,4);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Queue.Put',1,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Queue.Put',2,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Queue.Put',3,1);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Queue.Put',4,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Queue.Put',5,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Queue.Put',6,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Queue.Put',7,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Queue.Put',8,75011041);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Queue.SendLoop',0,5);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Queue.SendLoop',1,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Queue.SendLoop',2,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Queue.SendLoop',3,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Queue.SendLoop',4,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Queue.SendLoop',5,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Queue.SendLoop',6,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Queue.SendLoop',7,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','Queue.SendLoop',8,5257866);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','SMTP.Conn',0,1);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','SMTP.Conn',1,1);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','SMTP.Conn',2,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','SMTP.Conn',3,1);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','SMTP.Conn',4,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','SMTP.Conn',5,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','SMTP.Conn',6,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','SMTP.Conn',7,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','SMTP.Conn',8,85170233);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','SMTP.Listen',0,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','SMTP.Listen',1,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','SMTP.Listen',2,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','SMTP.Listen',3,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','SMTP.Listen',4,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','SMTP.Listen',5,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','SMTP.Listen',6,1);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','SMTP.Listen',7,0);
INSERT INTO retired VALUES('quipu/emitter/traceSeconds','SMTP.Listen',8,3169986828);
INSERT INTO retired VALUES('quipu/emitter/untrackedTasks','',0,0);
CREATE TABLE instance (
            instance      BLOB NOT NULL PRIMARY KEY,
            program       TEXT NOT NULL,
            version       TEXT NOT NULL,
            hostname      TEXT NOT NULL,
            start_wall_ns INTEGER NOT NULL,
            pid           INTEGER NOT NULL,
            uid           INTEGER NOT NULL
        , said_pid INTEGER NOT NULL DEFAULT 0, gid INTEGER NOT NULL DEFAULT 0, is_ended INTEGER NOT NULL DEFAULT 0, how TEXT NOT NULL DEFAULT '', connected_wall_ns INTEGER NOT NULL DEFAULT 0, heard_wall_ns INTEGER NOT NULL DEFAULT 0, life_wall_ns INTEGER NOT NULL DEFAULT 0, connections INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
INSERT INTO instance VALUES(X'7ea3d093154c68b40e4610be8470b807','maild','0.1.0','mx.example',1795769851706234832,29126,0,29126,0,1,'said goodbye: exit',1795769851707131739,1795769854878794655,1795769854880422132,1);
CREATE TABLE instance_count (
            instance BLOB NOT NULL,
            family   TEXT NOT NULL,
            label    TEXT NOT NULL,
            cell     INTEGER NOT NULL,
            value    INTEGER NOT NULL,
            PRIMARY KEY (instance, family, label, cell)
        ) STRICT, WITHOUT ROWID;
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','chasquid/aliases/hookResults','resolve:skip',0,5);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','chasquid/queue/deliverAttempts','email:local',0,5);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','chasquid/queue/itemsWritten','',0,5);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','chasquid/queue/putCount','',0,5);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','chasquid/smtpIn/commandCount','DATA',0,5);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','chasquid/smtpIn/commandCount','EHLO',0,2);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','chasquid/smtpIn/commandCount','HELO',0,1);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','chasquid/smtpIn/commandCount','MAIL',0,5);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','chasquid/smtpIn/commandCount','QUIT',0,3);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','chasquid/smtpIn/commandCount','RCPT',0,5);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','chasquid/smtpIn/hookResults','post-data:skip',0,5);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','chasquid/smtpIn/responseCodeCount','220',0,3);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','chasquid/smtpIn/responseCodeCount','221',0,3);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','chasquid/smtpIn/responseCodeCount','250',0,18);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','chasquid/smtpIn/responseCodeCount','354',0,5);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','chasquid/smtpIn/tlsCount','plain',0,5);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','quipu/emitter/traceSeconds','Courier.Maildir',0,5);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','quipu/emitter/traceSeconds','Courier.Maildir',8,3252189);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','quipu/emitter/traceSeconds','Queue.Put',0,4);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','quipu/emitter/traceSeconds','Queue.Put',3,1);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','quipu/emitter/traceSeconds','Queue.Put',8,75011041);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','quipu/emitter/traceSeconds','Queue.SendLoop',0,5);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','quipu/emitter/traceSeconds','Queue.SendLoop',8,5257866);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','quipu/emitter/traceSeconds','SMTP.Conn',0,1);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','quipu/emitter/traceSeconds','SMTP.Conn',1,1);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','quipu/emitter/traceSeconds','SMTP.Conn',3,1);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','quipu/emitter/traceSeconds','SMTP.Conn',8,85170233);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','quipu/emitter/traceSeconds','SMTP.Listen',6,1);
INSERT INTO instance_count VALUES(X'7ea3d093154c68b40e4610be8470b807','quipu/emitter/traceSeconds','SMTP.Listen',8,3169986828);
CREATE TABLE meta (
            name  TEXT NOT NULL PRIMARY KEY,
            value INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES('epoch',6);
INSERT INTO meta VALUES('file',-6559150642960639984);
INSERT INTO meta VALUES('history_id',183);
CREATE TABLE instance_word (
            instance BLOB NOT NULL,
            position INTEGER NOT NULL,
            what     TEXT NOT NULL,       -- argument, flag, set flag, topic, configuration
            name     TEXT NOT NULL,       -- of a flag
            value    TEXT NOT NULL,
            PRIMARY KEY (instance, position)
        ) STRICT, WITHOUT ROWID;
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',0,'argument','','./maild');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',1,'argument','','--smtp_address=127.0.0.1:9918');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',2,'argument','','--hostname=mx.example');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',3,'argument','','--maildir=mail');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',4,'argument','','--queue_dir=queue');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',5,'argument','','--ingest_socket=ingest.sock');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',6,'set flag','smtp_address','127.0.0.1:9918');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',7,'set flag','hostname','mx.example');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',8,'set flag','maildir','mail');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',9,'set flag','queue_dir','queue');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',10,'set flag','ingest_socket','ingest.sock');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',11,'flag','smarthost','');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',12,'flag','tls_certificate','');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',13,'flag','tls_private_key','');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',14,'flag','users','user,postmaster');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',15,'flag','max_data_size_mb','50');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',16,'flag','max_connections','100');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',17,'flag','max_recipients','100');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',18,'flag','max_errors','10');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',19,'flag','max_queue_items','10000');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',20,'flag','command_timeout','5m');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',21,'flag','pipe_timeout','2m');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',22,'flag','give_up_after','20h');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',23,'flag','retry_base','1m');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',24,'flag','mask','');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',25,'flag','count_log','');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',26,'topic','','queue');
INSERT INTO instance_word VALUES(X'7ea3d093154c68b40e4610be8470b807',27,'configuration','',replace('smtp_address = 127.0.0.1:9918\nhostname = mx.example\nmaildir = mail\nqueue_dir = queue\ningest_socket = ingest.sock\nsmarthost = \ntls_certificate = \ntls_private_key = \nusers = user,postmaster\nmax_data_size_mb = 50\nmax_connections = 100\nmax_recipients = 100\nmax_errors = 10\nmax_queue_items = 10000\ncommand_timeout = 5m\npipe_timeout = 2m\ngive_up_after = 20h\nretry_base = 1m\nmask = \ncount_log = \n','\n',char(10)));
CREATE TABLE trace (
            instance      INTEGER NOT NULL,  -- the first 8 bytes of the mail daemon's instance, big endian
            number        INTEGER NOT NULL,
            parent        INTEGER NOT NULL,  -- number of another trace of the instance; 0: none
            place         INTEGER NOT NULL,  -- in the order of ends; 0: open
            family        TEXT NOT NULL,
            title         TEXT NOT NULL,
            program       TEXT NOT NULL,
            begin_wall_ns INTEGER NOT NULL,
            end_wall_ns   INTEGER NOT NULL,
            is_error      INTEGER NOT NULL,
            is_in_orphans INTEGER NOT NULL,
            orphaned      TEXT NOT NULL,
            cut           INTEGER NOT NULL,
            lost_at_end   INTEGER NOT NULL,
            notes         BLOB NOT NULL,     -- protobuf, see rows_traces.cpp
            PRIMARY KEY (instance, number)
        ) STRICT;
INSERT INTO trace VALUES(9125366600118855860,4047501475926244,0,17,'Queue.SendLoop','1k17s02y13sbe7','maild',1795769852954282998,1795769852955095294,0,0,'',0,0,X'0a1b09bf13b2b72adbeb182a1066726f6d2061406c6f63616c686f73740a22093ec7b4b72adbeb182a1775736572406d782e6578616d706c652073656e64696e670a35099bcab4b72adbeb18100321e550b35f2e610e002a1f436f75726965722e4d61696c6469722075736572406d782e6578616d706c650a1f09fc90bcb72adbeb182a1475736572406d782e6578616d706c652073656e740a1309756cbeb72adbeb182a08616c6c20646f6e65');
INSERT INTO trace VALUES(9125366600118855860,4047501475926243,4047501475926236,15,'Queue.Put','a@localhost','maild',1795769852953868853,1795769852954325582,0,0,'',0,0,X'0a250978c0abb72adbeb182a1a726563697069656e743a2075736572406d782e6578616d706c650a1109a3f8b1b72adbeb182a06717565756564');
INSERT INTO trace VALUES(9125366600118855860,4047501475926242,4047501475926241,13,'Courier.Maildir','user@mx.example','maild',1795769852952883130,1795769852953333368,0,0,'',0,0,X'0a29092eb69cb72adbeb182a1e61406c6f63616c686f7374202d3e2075736572406d782e6578616d706c650a5209db70a3b72adbeb182a4764656c697665726564206173206d61696c2f757365722f6e65772f313739353736393835322e6d61696c645f316b3137733032787a6a716765635f302e6d782e6578616d706c65');
INSERT INTO trace VALUES(9125366600118855860,4047501475926245,4047501475926244,16,'Courier.Maildir','user@mx.example','maild',1795769852954462875,1795769852954972823,0,0,'',0,0,X'0a2909ecd1b4b72adbeb182a1e61406c6f63616c686f7374202d3e2075736572406d782e6578616d706c650a52098773bcb72adbeb182a4764656c697665726564206173206d61696c2f757365722f6e65772f313739353736393835322e6d61696c645f316b3137733032793133736265375f302e6d782e6578616d706c65');
INSERT INTO trace VALUES(9125366600118855860,4047501475926240,4047501475926236,12,'Queue.Put','a@localhost','maild',1795769852952314045,1795769852952758615,0,0,'',0,0,X'0a2509960794b72adbeb182a1a726563697069656e743a2075736572406d782e6578616d706c650a110954149ab72adbeb182a06717565756564');
INSERT INTO trace VALUES(9125366600118855860,4047501475926239,4047501475926238,10,'Courier.Maildir','user@mx.example','maild',1795769852951107143,1795769852951738831,0,0,'',0,0,X'0a2909469f81b72adbeb182a1e61406c6f63616c686f7374202d3e2075736572406d782e6578616d706c650a5209c21d8bb72adbeb182a4764656c697665726564206173206d61696c2f757365722f6e65772f313739353736393835322e6d61696c645f316b31377330327878676b7762685f302e6d782e6578616d706c65');
INSERT INTO trace VALUES(9125366600118855860,4047501475926228,0,4,'SMTP.Conn','127.0.0.1:58272','maild',1795769852870047753,1795769852946443879,0,0,'',0,0,X'0a2009999badb22adbeb182a15436f6e6e65637465642c206d6f64653a20534d54500a2809a37daeb22adbeb182a1d3c2d20323230206d782e6578616d706c652045534d5450206d61696c640a21094024b6b22adbeb182a162d3e2045484c4f20636c69656e742e6578616d706c650a6209e142b6b22adbeb182a573c2d20323530206d782e6578616d706c652067726565747320796f750a384249544d494d450a504950454c494e494e470a454e48414e434544535441545553434f4445530a53495a452035323432383830300a48454c500a2509e7a2bab22adbeb182a1a2d3e204d41494c2046524f4d3a3c61406c6f63616c686f73743e0a24095fc3bab22adbeb182a193c2d2032353020322e312e302053656e6465722074616b656e0a2609a597bcb22adbeb182a1b2d3e205243505420544f3a3c75736572406c6f63616c686f73743e0a270979cfbcb22adbeb182a1c3c2d2032353020322e312e3520526563697069656e742074616b656e0a13092ed9bdb22adbeb182a082d3e2044415441200a300931d0bfb22adbeb182a253c2d2033353420456e642077697468206120646f7420616c6f6e65206f6e2061206c696e650a22094f8bc1b22adbeb182a172d3e202e2e2e203536206279746573206f6620646174610a2b099995c1b22adbeb18100321d550b35f2e610e002a1551756575652e5075742061406c6f63616c686f73740a2e091c741ab72adbeb18100221d650b35f2e610e002a1871756575656420617320316b3137733032766767357173680a47092e8f1ab72adbeb182a3c5175657565642066726f6d2061406c6f63616c686f737420746f205b75736572406c6f63616c686f73745d202d20316b3137733032766767357173680a3009fba71ab72adbeb182a253c2d2032353020322e302e302051756575656420617320316b3137733032766767357173680a13097f1736b72adbeb182a082d3e2051554954200a1b09132c36b72adbeb182a103c2d2032323120322e302e3020427965');
INSERT INTO trace VALUES(9125366600118855860,4047501475926237,4047501475926236,9,'Queue.Put','a@localhost','maild',1795769852950262429,1795769852950935308,0,0,'',0,0,X'0a250964bc74b72adbeb182a1a726563697069656e743a2075736572406d782e6578616d706c650a110916357eb72adbeb182a06717565756564');
INSERT INTO trace VALUES(9125366600118855860,4047501475926229,4047501475926228,1,'Queue.Put','a@localhost','maild',1795769852871415193,1795769852944349920,0,0,'',0,0,X'0a25090db5c1b22adbeb182a1a726563697069656e743a2075736572406d782e6578616d706c650a1109dda318b72adbeb182a06717565756564');
INSERT INTO trace VALUES(9125366600118855860,4047501475926230,0,3,'Queue.SendLoop','1k17s02vgg5qsh','maild',1795769852944247949,1795769852946113669,0,0,'',0,0,X'0a1b096a5419b72adbeb182a1066726f6d2061406c6f63616c686f73740a22096e3e21b72adbeb182a1775736572406d782e6578616d706c652073656e64696e670a35094e4221b72adbeb18100321d750b35f2e610e002a1f436f75726965722e4d61696c6469722075736572406d782e6578616d706c650a1f094c7132b72adbeb182a1475736572406d782e6578616d706c652073656e740a13093e5d35b72adbeb182a08616c6c20646f6e65');
INSERT INTO trace VALUES(9125366600118855860,4047501475926241,0,14,'Queue.SendLoop','1k17s02xzjqgec','maild',1795769852952717354,1795769852953491643,0,0,'',0,0,X'0a1b092f309ab72adbeb182a1066726f6d2061406c6f63616c686f73740a220943ad9cb72adbeb182a1775736572406d782e6578616d706c652073656e64696e670a3509baaf9cb72adbeb18100321e250b35f2e610e002a1f436f75726965722e4d61696c6469722075736572406d782e6578616d706c650a1f09848ca3b72adbeb182a1475736572406d782e6578616d706c652073656e740a130925f1a5b72adbeb182a08616c6c20646f6e65');
INSERT INTO trace VALUES(9125366600118855860,4047501475926231,4047501475926230,2,'Courier.Maildir','user@mx.example','maild',1795769852944794190,1795769852945920993,0,0,'',0,0,X'0a2909f36a21b72adbeb182a1e61406c6f63616c686f7374202d3e2075736572406d782e6578616d706c650a5209f11932b72adbeb182a4764656c697665726564206173206d61696c2f757365722f6e65772f313739353736393835322e6d61696c645f316b3137733032766767357173685f302e6d782e6578616d706c65');
INSERT INTO trace VALUES(9125366600118855860,4047501475926232,0,8,'SMTP.Conn','127.0.0.1:58280','maild',1795769852946725708,1795769852949636830,0,0,'',0,0,X'0a2009b5033fb72adbeb182a15436f6e6e65637465642c206d6f64653a20534d54500a280907193fb72adbeb182a1d3c2d20323230206d782e6578616d706c652045534d5450206d61696c640a21097dde43b72adbeb182a162d3e2048454c4f20636c69656e742e6578616d706c650a1c09caf443b72adbeb182a113c2d20323530206d782e6578616d706c650a2509af8245b72adbeb182a1a2d3e204d41494c2046524f4d3a3c61406c6f63616c686f73743e0a2409c5a045b72adbeb182a193c2d2032353020322e312e302053656e6465722074616b656e0a2609781e47b72adbeb182a1b2d3e205243505420544f3a3c75736572406c6f63616c686f73743e0a2709225f47b72adbeb182a1c3c2d2032353020322e312e3520526563697069656e742074616b656e0a1309caf748b72adbeb182a082d3e2044415441200a3009dcb64ab72adbeb182a253c2d2033353420456e642077697468206120646f7420616c6f6e65206f6e2061206c696e650a2209af494cb72adbeb182a172d3e202e2e2e203536206279746573206f6620646174610a2b099d554cb72adbeb18100321d950b35f2e610e002a1551756575652e5075742061406c6f63616c686f73740a2e09e5fa53b72adbeb18100221da50b35f2e610e002a1871756575656420617320316b313773303278747938726d320a4709740754b72adbeb182a3c5175657565642066726f6d2061406c6f63616c686f737420746f205b75736572406c6f63616c686f73745d202d20316b313773303278747938726d320a30092d1054b72adbeb182a253c2d2032353020322e302e302051756575656420617320316b313773303278747938726d320a1309b72e60b72adbeb182a082d3e2051554954200a1b09543c60b72adbeb182a103c2d2032323120322e302e3020427965');
INSERT INTO trace VALUES(9125366600118855860,4047501475926234,0,7,'Queue.SendLoop','1k17s02xty8rm2','maild',1795769852948075331,1795769852948874999,0,0,'',0,0,X'0a1b091e5f53b72adbeb182a1066726f6d2061406c6f63616c686f73740a22092d1b55b72adbeb182a1775736572406d782e6578616d706c652073656e64696e670a3509621e55b72adbeb18100321db50b35f2e610e002a1f436f75726965722e4d61696c6469722075736572406d782e6578616d706c650a1f0907405db72adbeb182a1475736572406d782e6578616d706c652073656e740a130919815fb72adbeb182a08616c6c20646f6e65');
INSERT INTO trace VALUES(9125366600118855860,4047501475926233,4047501475926232,5,'Queue.Put','a@localhost','maild',1795769852947617181,1795769852948119317,0,0,'',0,0,X'0a2509f25d4cb72adbeb182a1a726563697069656e743a2075736572406d782e6578616d706c650a1109393c53b72adbeb182a06717565756564');
INSERT INTO trace VALUES(9125366600118855860,4047501475926235,4047501475926234,6,'Courier.Maildir','user@mx.example','maild',1795769852948192866,1795769852948726378,0,0,'',0,0,X'0a29097b2655b72adbeb182a1e61406c6f63616c686f7374202d3e2075736572406d782e6578616d706c650a5209de215db72adbeb182a4764656c697665726564206173206d61696c2f757365722f6e65772f313739353736393835322e6d61696c645f316b313773303278747938726d325f302e6d782e6578616d706c65');
INSERT INTO trace VALUES(9125366600118855860,4047501475926236,0,18,'SMTP.Conn','127.0.0.1:58296','maild',1795769852949434289,1795769852955297274,0,0,'',0,0,X'0a2009a16968b72adbeb182a15436f6e6e65637465642c206d6f64653a20534d54500a2809277d68b72adbeb182a1d3c2d20323230206d782e6578616d706c652045534d5450206d61696c640a210981b36bb72adbeb182a162d3e2045484c4f20636c69656e742e6578616d706c650a620920cf6bb72adbeb182a573c2d20323530206d782e6578616d706c652067726565747320796f750a384249544d494d450a504950454c494e494e470a454e48414e434544535441545553434f4445530a53495a452035323432383830300a48454c500a2509e5096eb72adbeb182a1a2d3e204d41494c2046524f4d3a3c61406c6f63616c686f73743e0a240922316eb72adbeb182a193c2d2032353020322e312e302053656e6465722074616b656e0a260959746fb72adbeb182a1b2d3e205243505420544f3a3c75736572406c6f63616c686f73743e0a270909bb6fb72adbeb182a1c3c2d2032353020322e312e3520526563697069656e742074616b656e0a1309fc2b71b72adbeb182a082d3e2044415441200a3009811373b72adbeb182a253c2d2033353420456e642077697468206120646f7420616c6f6e65206f6e2061206c696e650a22093aa774b72adbeb182a172d3e202e2e2e203536206279746573206f6620646174610a2b099db274b72adbeb18100321dd50b35f2e610e002a1551756575652e5075742061406c6f63616c686f73740a2e092cf37eb72adbeb18100221de50b35f2e610e002a1871756575656420617320316b31377330327878676b7762680a4709dffe7eb72adbeb182a3c5175657565642066726f6d2061406c6f63616c686f737420746f205b75736572406c6f63616c686f73745d202d20316b31377330327878676b7762680a300924087fb72adbeb182a253c2d2032353020322e302e302051756575656420617320316b31377330327878676b7762680a25092b258eb72adbeb182a1a2d3e204d41494c2046524f4d3a3c61406c6f63616c686f73743e0a2409ce418eb72adbeb182a193c2d2032353020322e312e302053656e6465722074616b656e0a2609043790b72adbeb182a1b2d3e205243505420544f3a3c75736572406c6f63616c686f73743e0a2709b86990b72adbeb182a1c3c2d2032353020322e312e3520526563697069656e742074616b656e0a1309a87c91b72adbeb182a082d3e2044415441200a300973bb92b72adbeb182a253c2d2033353420456e642077697468206120646f7420616c6f6e65206f6e2061206c696e650a22099af893b72adbeb182a172d3e202e2e2e203536206279746573206f6620646174610a2b09bd0094b72adbeb18100321e050b35f2e610e002a1551756575652e5075742061406c6f63616c686f73740a2e09e0c69ab72adbeb18100221e150b35f2e610e002a1871756575656420617320316b3137733032787a6a716765630a4709b7cf9ab72adbeb182a3c5175657565642066726f6d2061406c6f63616c686f737420746f205b75736572406c6f63616c686f73745d202d20316b3137733032787a6a716765630a300953d89ab72adbeb182a253c2d2032353020322e302e302051756575656420617320316b3137733032787a6a716765630a25098264a6b72adbeb182a1a2d3e204d41494c2046524f4d3a3c61406c6f63616c686f73743e0a24094f7fa6b72adbeb182a193c2d2032353020322e312e302053656e6465722074616b656e0a26096852a8b72adbeb182a1b2d3e205243505420544f3a3c75736572406c6f63616c686f73743e0a27094b79a8b72adbeb182a1c3c2d2032353020322e312e3520526563697069656e742074616b656e0a13094370a9b72adbeb182a082d3e2044415441200a3009ce84aab72adbeb182a253c2d2033353420456e642077697468206120646f7420616c6f6e65206f6e2061206c696e650a220990b1abb72adbeb182a172d3e202e2e2e203536206279746573206f6620646174610a2b0935baabb72adbeb18100321e350b35f2e610e002a1551756575652e5075742061406c6f63616c686f73740a2e09afafb2b72adbeb18100221e450b35f2e610e002a1871756575656420617320316b3137733032793133736265370a470953bab2b72adbeb182a3c5175657565642066726f6d2061406c6f63616c686f737420746f205b75736572406c6f63616c686f73745d202d20316b3137733032793133736265370a3009eec2b2b72adbeb182a253c2d2032353020322e302e302051756575656420617320316b3137733032793133736265370a13092addbeb72adbeb182a082d3e2051554954200a1b0986e9beb72adbeb182a103c2d2032323120322e302e3020427965');
INSERT INTO trace VALUES(9125366600118855860,4047501475926238,0,11,'Queue.SendLoop','1k17s02xxgkwbh','maild',1795769852950892775,1795769852951898668,0,0,'',0,0,X'0a1b09955b7eb72adbeb182a1066726f6d2061406c6f63616c686f73740a2209fe9281b72adbeb182a1775736572406d782e6578616d706c652073656e64696e670a3509479681b72adbeb18100321df50b35f2e610e002a1f436f75726965722e4d61696c6469722075736572406d782e6578616d706c650a1f0934388bb72adbeb182a1475736572406d782e6578616d706c652073656e740a1309dfa58db72adbeb182a08616c6c20646f6e65');
INSERT INTO trace VALUES(9125366600118855860,4047501475926227,0,19,'SMTP.Listen','127.0.0.1:9918','maild',1795769851707335737,1795769854877322565,0,0,'',0,0,X'');
CREATE TABLE trace_count (
            family TEXT NOT NULL,
            bucket INTEGER NOT NULL,
            value  INTEGER NOT NULL,
            PRIMARY KEY (family, bucket)
        ) STRICT, WITHOUT ROWID;
INSERT INTO trace_count VALUES('Courier.Maildir',0,5);
INSERT INTO trace_count VALUES('Courier.Maildir',1,0);
INSERT INTO trace_count VALUES('Courier.Maildir',2,0);
INSERT INTO trace_count VALUES('Courier.Maildir',3,0);
INSERT INTO trace_count VALUES('Courier.Maildir',4,0);
INSERT INTO trace_count VALUES('Courier.Maildir',5,0);
INSERT INTO trace_count VALUES('Courier.Maildir',6,0);
INSERT INTO trace_count VALUES('Courier.Maildir',7,0);
INSERT INTO trace_count VALUES('Courier.Maildir',8,0);
INSERT INTO trace_count VALUES('Queue.Put',0,4);
INSERT INTO trace_count VALUES('Queue.Put',1,0);
INSERT INTO trace_count VALUES('Queue.Put',2,0);
INSERT INTO trace_count VALUES('Queue.Put',3,1);
INSERT INTO trace_count VALUES('Queue.Put',4,0);
INSERT INTO trace_count VALUES('Queue.Put',5,0);
INSERT INTO trace_count VALUES('Queue.Put',6,0);
INSERT INTO trace_count VALUES('Queue.Put',7,0);
INSERT INTO trace_count VALUES('Queue.Put',8,0);
INSERT INTO trace_count VALUES('Queue.SendLoop',0,5);
INSERT INTO trace_count VALUES('Queue.SendLoop',1,0);
INSERT INTO trace_count VALUES('Queue.SendLoop',2,0);
INSERT INTO trace_count VALUES('Queue.SendLoop',3,0);
INSERT INTO trace_count VALUES('Queue.SendLoop',4,0);
INSERT INTO trace_count VALUES('Queue.SendLoop',5,0);
INSERT INTO trace_count VALUES('Queue.SendLoop',6,0);
INSERT INTO trace_count VALUES('Queue.SendLoop',7,0);
INSERT INTO trace_count VALUES('Queue.SendLoop',8,0);
INSERT INTO trace_count VALUES('SMTP.Conn',0,1);
INSERT INTO trace_count VALUES('SMTP.Conn',1,1);
INSERT INTO trace_count VALUES('SMTP.Conn',2,0);
INSERT INTO trace_count VALUES('SMTP.Conn',3,1);
INSERT INTO trace_count VALUES('SMTP.Conn',4,0);
INSERT INTO trace_count VALUES('SMTP.Conn',5,0);
INSERT INTO trace_count VALUES('SMTP.Conn',6,0);
INSERT INTO trace_count VALUES('SMTP.Conn',7,0);
INSERT INTO trace_count VALUES('SMTP.Conn',8,0);
INSERT INTO trace_count VALUES('SMTP.Listen',0,0);
INSERT INTO trace_count VALUES('SMTP.Listen',1,0);
INSERT INTO trace_count VALUES('SMTP.Listen',2,0);
INSERT INTO trace_count VALUES('SMTP.Listen',3,0);
INSERT INTO trace_count VALUES('SMTP.Listen',4,0);
INSERT INTO trace_count VALUES('SMTP.Listen',5,0);
INSERT INTO trace_count VALUES('SMTP.Listen',6,1);
INSERT INTO trace_count VALUES('SMTP.Listen',7,0);
INSERT INTO trace_count VALUES('SMTP.Listen',8,0);
CREATE TABLE history_series (
            id    INTEGER PRIMARY KEY,
            name  TEXT NOT NULL,
            label TEXT NOT NULL,
            cell  INTEGER NOT NULL,       -- 0, or the index in a histogram
            kind  INTEGER NOT NULL        -- Kind of quipu.proto
        ) STRICT;
INSERT INTO history_series VALUES(1,'quipu/health/ok','ingest',0,1);
INSERT INTO history_series VALUES(2,'quipu/health/ok','store',0,1);
INSERT INTO history_series VALUES(3,'quipu/history/bytes','',0,1);
INSERT INTO history_series VALUES(4,'quipu/history/clockSteps','',0,0);
INSERT INTO history_series VALUES(5,'quipu/history/damagedRows','',0,0);
INSERT INTO history_series VALUES(6,'quipu/history/givenUpSeries','',0,0);
INSERT INTO history_series VALUES(7,'quipu/history/mostBytes','',0,1);
INSERT INTO history_series VALUES(8,'quipu/history/refusedSeries','',0,0);
INSERT INTO history_series VALUES(9,'quipu/http/authFailures','',0,0);
INSERT INTO history_series VALUES(10,'quipu/http/authThrottled','',0,0);
INSERT INTO history_series VALUES(11,'quipu/http/connections','',0,0);
INSERT INTO history_series VALUES(12,'quipu/http/errors','',0,0);
INSERT INTO history_series VALUES(13,'quipu/http/refusedConnections','',0,0);
INSERT INTO history_series VALUES(14,'quipu/http/requests','',0,0);
INSERT INTO history_series VALUES(15,'quipu/http/tlsFailures','',0,0);
INSERT INTO history_series VALUES(16,'quipu/ingest/bytes','',0,0);
INSERT INTO history_series VALUES(17,'quipu/ingest/connections','',0,0);
INSERT INTO history_series VALUES(18,'quipu/ingest/emitters','connected',0,1);
INSERT INTO history_series VALUES(19,'quipu/ingest/emitters','lost',0,1);
INSERT INTO history_series VALUES(20,'quipu/ingest/endedForRoom','',0,0);
INSERT INTO history_series VALUES(21,'quipu/ingest/forgottenEmitters','',0,0);
INSERT INTO history_series VALUES(22,'quipu/ingest/frames','',0,0);
INSERT INTO history_series VALUES(23,'quipu/ingest/leftOutWords','',0,0);
INSERT INTO history_series VALUES(24,'quipu/ingest/refusedConnections','',0,0);
INSERT INTO history_series VALUES(25,'quipu/ingest/refusedSessions','',0,0);
INSERT INTO history_series VALUES(26,'quipu/ingest/refusedUsers','',0,0);
INSERT INTO history_series VALUES(27,'quipu/ingest/truncatedFrames','',0,0);
INSERT INTO history_series VALUES(28,'quipu/ingest/unknownAnswers','',0,0);
INSERT INTO history_series VALUES(29,'quipu/ingest/unknownFields','',0,0);
INSERT INTO history_series VALUES(30,'quipu/ingest/unknownMessages','',0,0);
INSERT INTO history_series VALUES(31,'quipu/log/heldBack','',0,0);
INSERT INTO history_series VALUES(32,'quipu/metrics/droppedValues','',0,0);
INSERT INTO history_series VALUES(33,'quipu/metrics/foldedSeries','',0,0);
INSERT INTO history_series VALUES(34,'quipu/metrics/refusedCounts','',0,0);
INSERT INTO history_series VALUES(35,'quipu/metrics/refusedDeltas','',0,0);
INSERT INTO history_series VALUES(36,'quipu/metrics/refusedDocuments','',0,0);
INSERT INTO history_series VALUES(37,'quipu/metrics/refusedFamilies','',0,0);
INSERT INTO history_series VALUES(38,'quipu/metrics/refusedSeries','',0,0);
INSERT INTO history_series VALUES(39,'quipu/metrics/refusedTexts','',0,0);
INSERT INTO history_series VALUES(40,'quipu/otlp/dropped','',0,0);
INSERT INTO history_series VALUES(41,'quipu/otlp/failed','',0,0);
INSERT INTO history_series VALUES(42,'quipu/otlp/retries','',0,0);
INSERT INTO history_series VALUES(43,'quipu/otlp/sent','',0,0);
INSERT INTO history_series VALUES(44,'quipu/profiles/failedLookups','',0,0);
INSERT INTO history_series VALUES(45,'quipu/profiles/lateLookups','',0,0);
INSERT INTO history_series VALUES(46,'quipu/profiles/namedAddresses','',0,0);
INSERT INTO history_series VALUES(47,'quipu/profiles/namelessAddresses','',0,0);
INSERT INTO history_series VALUES(48,'quipu/queries/refused','',0,0);
INSERT INTO history_series VALUES(49,'quipu/queries/tooLong','',0,0);
INSERT INTO history_series VALUES(50,'quipu/store/commits','',0,0);
INSERT INTO history_series VALUES(51,'quipu/store/errors','',0,0);
INSERT INTO history_series VALUES(52,'quipu/store/fileBytes','',0,1);
INSERT INTO history_series VALUES(53,'quipu/store/journalEntries','',0,0);
INSERT INTO history_series VALUES(54,'quipu/store/journalErrors','',0,0);
INSERT INTO history_series VALUES(55,'quipu/store/rewrites','',0,0);
INSERT INTO history_series VALUES(56,'quipu/store/unkeptAnswers','',0,0);
INSERT INTO history_series VALUES(57,'quipu/traces/cutEvents','',0,0);
INSERT INTO history_series VALUES(58,'quipu/traces/cutTexts','',0,0);
INSERT INTO history_series VALUES(59,'quipu/traces/events','',0,0);
INSERT INTO history_series VALUES(60,'quipu/traces/evictedActive','',0,0);
INSERT INTO history_series VALUES(61,'quipu/traces/evictedForBytes','',0,0);
INSERT INTO history_series VALUES(62,'quipu/traces/foldedFamilies','',0,0);
INSERT INTO history_series VALUES(63,'quipu/traces/ignoredEvents','',0,0);
INSERT INTO history_series VALUES(64,'quipu/traces/leftUnstored','',0,0);
INSERT INTO history_series VALUES(65,'quipu/traces/loneChildren','',0,0);
INSERT INTO history_series VALUES(66,'chasquid/aliases/hookResults','resolve:skip',0,0);
INSERT INTO history_series VALUES(67,'chasquid/queue/deliverAttempts','email:local',0,0);
INSERT INTO history_series VALUES(68,'chasquid/queue/deliverAttempts','email:remote',0,0);
INSERT INTO history_series VALUES(69,'chasquid/queue/deliverAttempts','forward',0,0);
INSERT INTO history_series VALUES(70,'chasquid/queue/deliverAttempts','pipe',0,0);
INSERT INTO history_series VALUES(71,'chasquid/queue/dsnQueued','',0,0);
INSERT INTO history_series VALUES(72,'chasquid/queue/itemsWritten','',0,0);
INSERT INTO history_series VALUES(73,'chasquid/queue/putCount','',0,0);
INSERT INTO history_series VALUES(74,'chasquid/smtpIn/commandCount','DATA',0,0);
INSERT INTO history_series VALUES(75,'chasquid/smtpIn/commandCount','EHLO',0,0);
INSERT INTO history_series VALUES(76,'chasquid/smtpIn/commandCount','HELO',0,0);
INSERT INTO history_series VALUES(77,'chasquid/smtpIn/commandCount','HELP',0,0);
INSERT INTO history_series VALUES(78,'chasquid/smtpIn/commandCount','MAIL',0,0);
INSERT INTO history_series VALUES(79,'chasquid/smtpIn/commandCount','NOOP',0,0);
INSERT INTO history_series VALUES(80,'chasquid/smtpIn/commandCount','QUIT',0,0);
INSERT INTO history_series VALUES(81,'chasquid/smtpIn/commandCount','RCPT',0,0);
INSERT INTO history_series VALUES(82,'chasquid/smtpIn/commandCount','RSET',0,0);
INSERT INTO history_series VALUES(83,'chasquid/smtpIn/commandCount','STARTTLS',0,0);
INSERT INTO history_series VALUES(84,'chasquid/smtpIn/commandCount','VRFY',0,0);
INSERT INTO history_series VALUES(85,'chasquid/smtpIn/dkimSignErrors','',0,0);
INSERT INTO history_series VALUES(86,'chasquid/smtpIn/dkimSigned','',0,0);
INSERT INTO history_series VALUES(87,'chasquid/smtpIn/dkimVerifyErrors','',0,0);
INSERT INTO history_series VALUES(88,'chasquid/smtpIn/dkimVerifyFound','',0,0);
INSERT INTO history_series VALUES(89,'chasquid/smtpIn/dkimVerifyNotFound','',0,0);
INSERT INTO history_series VALUES(90,'chasquid/smtpIn/dkimVerifyValid','',0,0);
INSERT INTO history_series VALUES(91,'chasquid/smtpIn/hookResults','post-data:skip',0,0);
INSERT INTO history_series VALUES(92,'chasquid/smtpIn/loopsDetected','',0,0);
INSERT INTO history_series VALUES(93,'chasquid/smtpIn/responseCodeCount','220',0,0);
INSERT INTO history_series VALUES(94,'chasquid/smtpIn/responseCodeCount','221',0,0);
INSERT INTO history_series VALUES(95,'chasquid/smtpIn/responseCodeCount','250',0,0);
INSERT INTO history_series VALUES(96,'chasquid/smtpIn/responseCodeCount','354',0,0);
INSERT INTO history_series VALUES(97,'chasquid/smtpIn/responseCodeCount','421',0,0);
INSERT INTO history_series VALUES(98,'chasquid/smtpIn/responseCodeCount','500',0,0);
INSERT INTO history_series VALUES(99,'chasquid/smtpIn/responseCodeCount','501',0,0);
INSERT INTO history_series VALUES(100,'chasquid/smtpIn/responseCodeCount','503',0,0);
INSERT INTO history_series VALUES(101,'chasquid/smtpIn/responseCodeCount','550',0,0);
INSERT INTO history_series VALUES(102,'chasquid/smtpIn/responseCodeCount','554',0,0);
INSERT INTO history_series VALUES(103,'chasquid/smtpIn/tlsCount','plain',0,0);
INSERT INTO history_series VALUES(104,'chasquid/smtpIn/tlsCount','tls',0,0);
INSERT INTO history_series VALUES(105,'chasquid/smtpOut/tlsCount','plain',0,0);
INSERT INTO history_series VALUES(106,'chasquid/smtpOut/tlsCount','tls:failed',0,0);
INSERT INTO history_series VALUES(107,'chasquid/smtpOut/tlsCount','tls:insecure',0,0);
INSERT INTO history_series VALUES(108,'chasquid/smtpOut/tlsCount','tls:secure',0,0);
INSERT INTO history_series VALUES(109,'chasquid/sourceDateTimestamp','',0,1);
INSERT INTO history_series VALUES(110,'chasquid/sts/cache/expired','',0,0);
INSERT INTO history_series VALUES(111,'chasquid/sts/cache/failedFetch','',0,0);
INSERT INTO history_series VALUES(112,'chasquid/sts/cache/fetches','',0,0);
INSERT INTO history_series VALUES(113,'chasquid/sts/cache/hits','',0,0);
INSERT INTO history_series VALUES(114,'chasquid/sts/cache/invalid','',0,0);
INSERT INTO history_series VALUES(115,'chasquid/sts/cache/ioErrors','',0,0);
INSERT INTO history_series VALUES(116,'chasquid/sts/cache/marshalErrors','',0,0);
INSERT INTO history_series VALUES(117,'chasquid/sts/cache/refreshCycles','',0,0);
INSERT INTO history_series VALUES(118,'chasquid/sts/cache/refreshErrors','',0,0);
INSERT INTO history_series VALUES(119,'chasquid/sts/cache/refreshes','',0,0);
INSERT INTO history_series VALUES(120,'chasquid/sts/cache/unmarshalErrors','',0,0);
INSERT INTO history_series VALUES(121,'quipu/emitter/traceSeconds','SMTP.Listen',0,3);
INSERT INTO history_series VALUES(122,'quipu/emitter/traceSeconds','SMTP.Listen',1,3);
INSERT INTO history_series VALUES(123,'quipu/emitter/traceSeconds','SMTP.Listen',2,3);
INSERT INTO history_series VALUES(124,'quipu/emitter/traceSeconds','SMTP.Listen',3,3);
INSERT INTO history_series VALUES(125,'quipu/emitter/traceSeconds','SMTP.Listen',4,3);
INSERT INTO history_series VALUES(126,'quipu/emitter/traceSeconds','SMTP.Listen',5,3);
INSERT INTO history_series VALUES(127,'quipu/emitter/traceSeconds','SMTP.Listen',6,3);
INSERT INTO history_series VALUES(128,'quipu/emitter/traceSeconds','SMTP.Listen',7,3);
INSERT INTO history_series VALUES(129,'quipu/emitter/traceSeconds','SMTP.Listen',8,3);
INSERT INTO history_series VALUES(130,'maild/queue/ages','10m to 1h',0,1);
INSERT INTO history_series VALUES(131,'maild/queue/ages','1h to 6h',0,1);
INSERT INTO history_series VALUES(132,'maild/queue/ages','1m to 10m',0,1);
INSERT INTO history_series VALUES(133,'maild/queue/ages','6h to 1d',0,1);
INSERT INTO history_series VALUES(134,'maild/queue/ages','below 1m',0,1);
INSERT INTO history_series VALUES(135,'maild/queue/ages','from 1d',0,1);
INSERT INTO history_series VALUES(136,'maild/queue/length','',0,1);
INSERT INTO history_series VALUES(137,'quipu/emitter/droppedEvents','',0,0);
INSERT INTO history_series VALUES(138,'quipu/emitter/droppedTraces','',0,0);
INSERT INTO history_series VALUES(139,'quipu/emitter/foldedLabels','',0,0);
INSERT INTO history_series VALUES(140,'quipu/emitter/refusedSeries','',0,0);
INSERT INTO history_series VALUES(141,'quipu/emitter/sampledOutTraces','',0,0);
INSERT INTO history_series VALUES(142,'quipu/emitter/untrackedTasks','',0,0);
INSERT INTO history_series VALUES(143,'quipu/traces/open','SMTP.Listen',0,1);
INSERT INTO history_series VALUES(144,'quipu/emitter/traceSeconds','Queue.Put',0,3);
INSERT INTO history_series VALUES(145,'quipu/emitter/traceSeconds','Queue.Put',1,3);
INSERT INTO history_series VALUES(146,'quipu/emitter/traceSeconds','Queue.Put',2,3);
INSERT INTO history_series VALUES(147,'quipu/emitter/traceSeconds','Queue.Put',3,3);
INSERT INTO history_series VALUES(148,'quipu/emitter/traceSeconds','Queue.Put',4,3);
INSERT INTO history_series VALUES(149,'quipu/emitter/traceSeconds','Queue.Put',5,3);
INSERT INTO history_series VALUES(150,'quipu/emitter/traceSeconds','Queue.Put',6,3);
INSERT INTO history_series VALUES(151,'quipu/emitter/traceSeconds','Queue.Put',7,3);
INSERT INTO history_series VALUES(152,'quipu/emitter/traceSeconds','Queue.Put',8,3);
INSERT INTO history_series VALUES(153,'quipu/emitter/traceSeconds','SMTP.Conn',0,3);
INSERT INTO history_series VALUES(154,'quipu/emitter/traceSeconds','SMTP.Conn',1,3);
INSERT INTO history_series VALUES(155,'quipu/emitter/traceSeconds','SMTP.Conn',2,3);
INSERT INTO history_series VALUES(156,'quipu/emitter/traceSeconds','SMTP.Conn',3,3);
INSERT INTO history_series VALUES(157,'quipu/emitter/traceSeconds','SMTP.Conn',4,3);
INSERT INTO history_series VALUES(158,'quipu/emitter/traceSeconds','SMTP.Conn',5,3);
INSERT INTO history_series VALUES(159,'quipu/emitter/traceSeconds','SMTP.Conn',6,3);
INSERT INTO history_series VALUES(160,'quipu/emitter/traceSeconds','SMTP.Conn',7,3);
INSERT INTO history_series VALUES(161,'quipu/emitter/traceSeconds','SMTP.Conn',8,3);
INSERT INTO history_series VALUES(162,'quipu/traces/open','Queue.Put',0,1);
INSERT INTO history_series VALUES(163,'quipu/traces/open','SMTP.Conn',0,1);
INSERT INTO history_series VALUES(164,'quipu/emitter/traceSeconds','Courier.Maildir',0,3);
INSERT INTO history_series VALUES(165,'quipu/emitter/traceSeconds','Courier.Maildir',1,3);
INSERT INTO history_series VALUES(166,'quipu/emitter/traceSeconds','Courier.Maildir',2,3);
INSERT INTO history_series VALUES(167,'quipu/emitter/traceSeconds','Courier.Maildir',3,3);
INSERT INTO history_series VALUES(168,'quipu/emitter/traceSeconds','Courier.Maildir',4,3);
INSERT INTO history_series VALUES(169,'quipu/emitter/traceSeconds','Courier.Maildir',5,3);
INSERT INTO history_series VALUES(170,'quipu/emitter/traceSeconds','Courier.Maildir',6,3);
INSERT INTO history_series VALUES(171,'quipu/emitter/traceSeconds','Courier.Maildir',7,3);
INSERT INTO history_series VALUES(172,'quipu/emitter/traceSeconds','Courier.Maildir',8,3);
INSERT INTO history_series VALUES(173,'quipu/emitter/traceSeconds','Queue.SendLoop',0,3);
INSERT INTO history_series VALUES(174,'quipu/emitter/traceSeconds','Queue.SendLoop',1,3);
INSERT INTO history_series VALUES(175,'quipu/emitter/traceSeconds','Queue.SendLoop',2,3);
INSERT INTO history_series VALUES(176,'quipu/emitter/traceSeconds','Queue.SendLoop',3,3);
INSERT INTO history_series VALUES(177,'quipu/emitter/traceSeconds','Queue.SendLoop',4,3);
INSERT INTO history_series VALUES(178,'quipu/emitter/traceSeconds','Queue.SendLoop',5,3);
INSERT INTO history_series VALUES(179,'quipu/emitter/traceSeconds','Queue.SendLoop',6,3);
INSERT INTO history_series VALUES(180,'quipu/emitter/traceSeconds','Queue.SendLoop',7,3);
INSERT INTO history_series VALUES(181,'quipu/emitter/traceSeconds','Queue.SendLoop',8,3);
INSERT INTO history_series VALUES(182,'quipu/traces/open','Courier.Maildir',0,1);
INSERT INTO history_series VALUES(183,'quipu/traces/open','Queue.SendLoop',0,1);
CREATE TABLE history_block (
            step_s INTEGER NOT NULL,      -- seconds between two points
            window INTEGER NOT NULL,      -- its first point is at Unix time (60 * window + 1) * step_s
            points BLOB NOT NULL,         -- see daemon/core/history_block.hpp
            PRIMARY KEY (step_s, window)
        ) STRICT;
INSERT INTO history_block VALUES(1,29929497,X'010c03000000c01f000000bfe003020c03000000c01f000000bfe003032b07000000c01f000000000000800f00000000c0d0b3840280a2f08201808898870681fae3c3068080fc800c040a02000000c01f00000000050a02000000c01f00000000060a02000000c01f00000000070f03000000c01f000000c194c2d28a10080a02000000c01f00000000090a02000000c01f000000000a0a02000000c01f000000000b0a02000000c01f000000000c0a02000000c01f000000000d0a02000000c01f000000000e0a02000000c01f000000000f0a02000000c01f00000000101a06000000c01f000000000000800700000000ac56920de063c807111306000000c01f00000000000080000000000002121807000000c01f000000000000800400000000bfe003bfe003130a03000000c01f00000000140a02000000c01f00000000150a02000000c01f00000000161606000000c01f0000000000008007000000000a080a0a170a02000000c01f00000000180a02000000c01f00000000190a02000000c01f000000001a0a02000000c01f000000001b0a02000000c01f000000001c0a02000000c01f000000001d0a02000000c01f000000001e0a02000000c01f000000001f0a02000000c01f00000000200a02000000c01f00000000210a02000000c01f00000000220a02000000c01f00000000230a02000000c01f00000000240a02000000c01f00000000250a02000000c01f00000000260a02000000c01f00000000270a02000000c01f00000000280a02000000c01f00000000290a02000000c01f000000002a0a02000000c01f000000002b0a02000000c01f000000002c0a02000000c01f000000002d0a02000000c01f000000002e0a02000000c01f000000002f0a02000000c01f00000000300a02000000c01f00000000310a02000000c01f00000000321706000000c01f000000000000800f000000000202020202330a02000000c01f00000000341a07000000c01f000000000000000c000000c0e002c0e002c0e002351606000000c01f00000000000080070000000002020204360a02000000c01f00000000370a02000000c01f00000000380a02000000c01f00000000390a02000000c01f000000003a0a02000000c01f000000003b1706000000c01f000000000000800700000000021c8402023c0a02000000c01f000000003d0a02000000c01f000000003e0a02000000c01f000000003f0a02000000c01f00000000400a02000000c01f00000000410a02000000c01f000000004214060000008003000000000000000300000000020843130600000080030000000000000002000000000a440a02000000800300000000450a02000000800300000000460a02000000800300000000470a0200000080030000000048130600000080030000000000000002000000000a49130600000080030000000000000002000000000a4a1406000000800300000000000000030000000002084b1406000000800300000000000000030000000002024c13060000008003000000000000000200000000024d0a020000008003000000004e1406000000800300000000000000030000000002084f0a0200000080030000000050130600000080030000000000000002000000000651140600000080030000000000000003000000000208520a02000000800300000000530a02000000800300000000540a02000000800300000000550a02000000800300000000560a02000000800300000000570a02000000800300000000580a02000000800300000000590a020000008003000000005a0a020000008003000000005b1406000000800300000000000000030000000002085c0a020000008003000000005d1406000000800300000000000000030000000002045e13060000008003000000000000000200000000065f14060000008003000000000000000300000000061e60140600000080030000000000000003000000000208610a02000000800300000000620a02000000800300000000630a02000000800300000000640a02000000800300000000650a02000000800300000000660a0200000080030000000067130600000080030000000000000002000000000a680a02000000800300000000690a020000008003000000006a0a020000008003000000006b0a020000008003000000006c0a020000008003000000006d0f030000008003000000c1b48bf6b4016e0a020000008003000000006f0a02000000800300000000700a02000000800300000000710a02000000800300000000720a02000000800300000000730a02000000800300000000740a02000000800300000000750a02000000800300000000760a02000000800300000000770a02000000800300000000780a02000000800300000000790a020000008003000000007a0a020000008003000000007b0a020000008003000000007c0a020000008003000000007d0a020000008003000000007e0a020000008003000000007f0a0200000080030000000080010a0200000080030000000081010a0200000080030000000082010a0300000080030000000083010a0300000080030000000084010a0300000080030000000085010a0300000080030000000086010a0300000080030000000087010a0300000080030000000088010a0300000080030000000089010a020000008003000000008a010a020000008003000000008b010a020000008003000000008c010a020000008003000000008d010a020000008003000000008e010a020000008003000000008f011707000000801f0000000000000004000000bfe003bfe0039001130600000000030000000000000002000000000891010a0200000000030000000092010a020000000003000000009301130600000000030000000000000002000000000294010a0200000000030000000095010a0200000000030000000096010a0200000000030000000097010a02000000000300000000980116060000000003000000000000000200000000c2cfc447990113060000000003000000000000000200000000029a0113060000000003000000000000000200000000029b010a020000000003000000009c0113060000000003000000000000000200000000029d010a020000000003000000009e010a020000000003000000009f010a02000000000300000000a0010a02000000000300000000a10116060000000003000000000000000200000000f2e09c51a2011707000000001f0000000000000002000000bfe003bfe003a3011707000000001f0000000000000002000000bfe003bfe003a4010a0200000000020000000aa5010a02000000000200000000a6010a02000000000200000000a7010a02000000000200000000a8010a02000000000200000000a9010a02000000000200000000aa010a02000000000200000000ab010a02000000000200000000ac010d020000000002000000baff8c03ad010a0200000000020000000aae010a02000000000200000000af010a02000000000200000000b0010a02000000000200000000b1010a02000000000200000000b2010a02000000000200000000b3010a02000000000200000000b4010a02000000000200000000b5010d02000000000200000094ea8105b6010a03000000001e00000000b7010a03000000001e00000000');
CREATE TABLE history_mark (
            position INTEGER PRIMARY KEY,
            time_s   INTEGER NOT NULL,
            kind     TEXT NOT NULL,
            what     TEXT NOT NULL
        ) STRICT;
INSERT INTO history_mark VALUES(1,1795769850,'quipud','quipud 0.1.0 started');
INSERT INTO history_mark VALUES(2,1795769851,'started','maild 0.1.0 started, pid 29126');
INSERT INTO history_mark VALUES(3,1795769854,'ended','maild 0.1.0 ended, pid 29126: said goodbye: exit');
PRAGMA user_version = 3;
COMMIT;

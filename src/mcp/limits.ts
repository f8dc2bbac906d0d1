/** Named bounds of the wire. Each names its threat first. */

/** A client that sends an endless line exhausts memory before anything is judged. Requests are small. */
export const MAX_CLIENT_MESSAGE = 16 * 1024 * 1024;

/** A downstream that floods: reading stops here and the connection is ended. Honest results of 12 MB exist. */
export const MAX_DOWNSTREAM_MESSAGE = 64 * 1024 * 1024;

/** A client that never reads answers would pile them up here. */
export const MAX_PENDING_PER_SESSION = 1024;

/** A server that asks its user, or the model, without end. Requests of servers that wait for an answer, per session. */
export const MAX_ASKED = 256;
/** The same server, in one call of one user. */
export const MAX_QUESTIONS = 32;
/** One that never has enough: rounds of questions in one call. */
export const MAX_ROUNDS = 10;

/**
 * A stateless client's call that waits for its user holds a request of the server open, and a place among those that may
 * run at once; abandoned ones must not take them all. Per session.
 */
export const MAX_PARKED = 64;
/** As long as a person may take to answer. Milliseconds. */
export const PARKED_MS = 10 * 60_000;
/** How long after a server's first question others are put to the user together with it. Milliseconds. */
export const TOGETHER_MS = 25;

/** Each open subscription holds a connection and a closure; a client may open as many as it has ids. Per session. */
export const MAX_LISTENERS = 128;

/** A client that subscribes to one after the other: each makes what a server is asked again with the next one longer. */
export const MAX_SUBSCRIBED = 1_000;

/** A server that answers every cursor with another one would keep us busy for ever. Pages of one list. */
export const MAX_PAGES = 100;

/** A client may name as many resources as it likes; who owns them is remembered for so many. */
export const MAX_OWNERS = 10_000;

/** Sessions are cheap to open and each may own child processes. */
export const MAX_HTTP_SESSIONS = 64;
/** One principal whose clients open sessions and forget them must not shut out all the others. */
export const MAX_SESSIONS_OF_ONE = 48;

/** So are the sessions that stateless clients share, one for each principal and what its clients can be asked. */
export const MAX_STATELESS_SESSIONS = 64;

/** How soon a client may come back that found no room. Milliseconds. */
export const RETRY_AFTER_MS = 30_000;

/** A session that nobody uses keeps its downstream processes alive. Milliseconds. */
export const SESSION_IDLE_MS = 30 * 60_000;

/** Unsolicited messages kept for a client whose event stream is not open; the oldest are dropped, and counted. */
export const MAX_QUEUED_EVENTS = 256;

/**
 * Event streams of one session are kept so that the client can come back to them; a client that never does, and asks for
 * large answers, would fill memory with them. The oldest are forgotten. Bytes.
 */
export const MAX_REPLAY_BYTES = 4 * 1024 * 1024;

/** A server that lets us go and wants us back at once, again and again, would have us spin. Milliseconds. */
export const MIN_RESUME_MS = 20;
export const MAX_RESUME_MS = 30_000;

/** A slow-loris client holds a socket with a request that never ends: its head, and all of it. Milliseconds. */
export const HTTP_HEADERS_MS = 10_000;
export const HTTP_REQUEST_MS = 60_000;

/** How often slow requests are looked for, idle sessions, and streams whose token has ended. Milliseconds. */
export const HTTP_CHECK_MS = 5_000;
export const SWEEP_MS = 60_000;

/** A client that keeps sockets it does not use. Longer than the pause between two calls of an agent. Milliseconds. */
export const HTTP_KEEP_ALIVE_MS = 65_000;

/** Header floods. Bytes, and how many: each becomes a string and an entry of an object. */
export const MAX_HEADER_BYTES = 16 * 1024;
export const MAX_HEADERS = 100;

/** Sockets opened by the thousand use up descriptors, and then the audit store cannot open its file. */
export const MAX_SOCKETS = 512;

/**
 * A client that asks for large answers and does not read them keeps them in our memory: what has not left us after so
 * long without any progress is given up with its socket. Milliseconds.
 */
export const HTTP_STALL_MS = 60_000;

/** A client that does not read its event stream: beyond this backlog the stream is ended. Bytes. */
export const MAX_STREAM_BACKLOG = 16 * 1024 * 1024;

/** An authorization server that never answers, or never stops. Milliseconds, bytes. */
export const AUTH_FETCH_MS = 10_000;
export const MAX_AUTH_RESPONSE = 256 * 1024;

/**
 * Anybody can send tokens that name an unknown key; each must not become a request to the issuer. After one fetch of its
 * keys, the next waits this long; after the other, even known keys are fetched anew: they may have been revoked.
 */
export const JWKS_COOLDOWN_MS = 30_000;
export const JWKS_MAX_AGE_MS = 10 * 60_000;

/** A server that refuses every token would have us get a new one with each call. Milliseconds between two of those. */
export const TOKEN_RENEW_MS = 10_000;

/** A token that ends while the call travels is as good as none. Milliseconds. */
export const TOKEN_EARLY_MS = 30_000;

/** How long a proxy waits for another that renews the same tokens, and how often it looks. Milliseconds. */
export const LOCK_MS = 20_000;
export const LOCK_RETRY_MS = 50;

/** A person who does not come back from the browser must not leave a port open. Milliseconds. */
export const LOGIN_MS = 5 * 60_000;

/** How long a downstream may take to answer `initialize` or `server/discover`. First starts through npx download. */
export const CONNECT_MS = 60_000;

/** With several servers, one that is slow to start delays the list of the others by this much at the most. */
export const GATHER_MS = 5_000;

/** A downstream that dies at once must not be restarted in a tight loop. */
export const RESTART_PAUSE_MS = 1_000;

/** Longest pause between two tries to start a server that fails. Doubles from RESTART_PAUSE_MS up to this. */
export const RESTART_MAX_MS = 30_000;

/** After so many requests in a row without an answer, a server is left alone for a while: callers need not wait too. */
export const BREAKER_TIMEOUTS = 3;
export const BREAKER_MS = 15_000;

/** More than a server can take at once only makes everybody wait; the rest stands in line, up to a bound. */
export const MAX_CONCURRENT_CALLS = 256;
export const MAX_WAITING_CALLS = 1_024;

/** On SIGTERM, calls in flight get this long to settle; clients follow with SIGKILL two seconds later. */
export const SHUTDOWN_MS = 1_500;

/** A child that ignores the end of its input is sent SIGTERM, and SIGKILL after as long again. */
export const CHILD_GRACE_MS = 1_000;

/**
 * How long a held call waits for the user of its client. Clients give a call up after about a minute, and one that
 * declares elicitation may never answer: the call then ends as one that waits, and the answer may come another way.
 */
export const ASK_USER_MS = 45_000;

/**
 * A server that accepts the stream of its unsolicited messages and never says so must not hold the first call up for long.
 * Counted anew from the greeting's end and from when the request for the stream is out.
 */
export const STREAM_OPEN_MS = 1_000;

/**
 * A connection that has lain idle so long is not used again. Servers close theirs after five seconds, as a rule, and a call
 * that is sent in that very moment is lost: nobody can know whether it ran.
 */
export const IDLE_SOCKET_MS = 3_000;

/** Named bounds of the wire. Each names its threat first. */

/** A client that sends an endless line exhausts memory before anything is judged. Requests are small. */
export const MAX_CLIENT_MESSAGE = 16 * 1024 * 1024;

/** A downstream that floods: reading stops here and the connection is ended. Honest results of 12 MB exist. */
export const MAX_DOWNSTREAM_MESSAGE = 64 * 1024 * 1024;

/** A client that never reads answers would pile them up here. */
export const MAX_PENDING_PER_SESSION = 1024;

/** A client may name as many resources as it likes; who owns them is remembered for so many. */
export const MAX_OWNERS = 10_000;

/** Sessions are cheap to open and each may own child processes. */
export const MAX_HTTP_SESSIONS = 64;

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

/** A slow-loris client holds a socket with a request that never ends. Milliseconds. */
export const HTTP_REQUEST_MS = 60_000;

/** Header floods. Bytes. */
export const MAX_HEADER_BYTES = 16 * 1024;

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

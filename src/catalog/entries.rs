//! The data of the catalogue: one short block for each status.

use http::{StatusCode, header};

use super::{Entry, GrpcCode, Permanence, Spec};

/// Makes the slice of entries from blocks of the form
///
/// ```text
/// CODE "Title" [RFC NUMBER "SECTION"] requires HEADER {
///     Permanence, grpc GrpcCode,
///     explanation: "For the person who reads the error page.",
///     causes: ["a short phrase"],
///     advice: "What this person can do now.",
/// }
/// ```
///
/// where `requires HEADER` is a constant of `http::header` and may be missing. Text is plain ASCII
/// without `"`, `'`, `\`, `<`, `>` and `&`: no format needs to escape it.
macro_rules! entries {
    ($(
        $code:literal $title:literal [$($spec:tt)+] $(requires $header:ident)? {
            $permanence:ident, grpc $grpc:ident,
            explanation: $explanation:literal,
            causes: [$($cause:literal),+ $(,)?],
            advice: $advice:literal,
        }
    )+) => {
        &[$(Entry {
            code: match StatusCode::from_u16($code) {
                Ok(code) => code,
                Err(_) => panic!("a status code has three digits"),
            },
            title: $title,
            explanation: $explanation,
            causes: &[$($cause),+],
            advice: $advice,
            permanence: Permanence::$permanence,
            required_headers: &[$(header::$header)?],
            grpc: GrpcCode::$grpc,
            spec: spec![$($spec)+],
            // RFC 9110 §6.4.1, §15.3.6.
            has_content: !matches!($code, 100..=199 | 204 | 205 | 304),
            // RFC 6585: "MUST NOT be stored by a cache".
            never_stored: matches!($code, 428 | 429 | 431 | 511),
        }),+]
    };
}

/// `RFC 9110 "15.5.5"`, or `unregistered`.
macro_rules! spec {
    (RFC $rfc:literal $section:literal) => {
        Spec {
            section: concat!("RFC ", $rfc, " §", $section),
            link: concat!("https://www.rfc-editor.org/rfc/rfc", $rfc, ".html#section-", $section,),
        }
    };
    (unregistered) => {
        Spec {
            section: "not registered with IANA",
            link: "https://www.iana.org/assignments/http-status-codes/http-status-codes.xhtml",
        }
    };
}

/// Every entry, in ascending order of its code.
///
/// # Example: list the statuses that pass by themselves
///
/// ```
/// use tower_status::catalog::{ALL, Permanence};
///
/// let temporary: Vec<_> = ALL
///     .iter()
///     .filter(|entry| entry.permanence == Permanence::Temporary && entry.code.as_u16() >= 500)
///     .map(|entry| entry.code.as_u16())
///     .collect();
/// assert_eq!(temporary, [502, 503, 504, 507, 511]);
/// ```
pub static ALL: &[Entry] = entries! {
    // 1xx: the final answer follows.

    100 "Continue" [RFC 9110 "15.2.1"] {
        Interim, grpc Unknown,
        explanation: "The first part of the request has arrived, and the rest may be sent.",
        causes: ["a client that asks with Expect: 100-continue before it sends a large body"],
        advice: "There is nothing to do: the final answer follows.",
    }

    101 "Switching Protocols" [RFC 9110 "15.2.2"] {
        Interim, grpc Unknown,
        explanation: "The client asked to change the protocol of this connection, and the server \
            agrees. It speaks the new protocol from here on.",
        causes: ["a WebSocket handshake", "an Upgrade field whose protocol the server supports"],
        advice: "There is nothing to do: the connection goes on in the new protocol.",
    }

    102 "Processing" [RFC 2518 "10.1"] {
        Interim, grpc Unknown,
        explanation: "The whole request has arrived and is being worked on. The answer will take a \
            while.",
        causes: ["a request that takes long, such as copying a large WebDAV collection"],
        advice: "Wait: the final answer follows.",
    }

    103 "Early Hints" [RFC 8297 "2"] {
        Interim, grpc Unknown,
        explanation: "The answer is still being prepared. Until it comes, these header fields name \
            what it will probably need, so that it can be loaded early.",
        causes: ["a server that knows the styles and scripts of a page before the page itself"],
        advice: "There is nothing to do: the final answer follows.",
    }

    // 2xx: the request was fulfilled.

    200 "OK" [RFC 9110 "15.3.1"] {
        Fulfilled, grpc Ok,
        explanation: "The request has succeeded.",
        causes: ["a request that was understood and carried out"],
        advice: "There is nothing to do: all went as it should.",
    }

    201 "Created" [RFC 9110 "15.3.2"] {
        Fulfilled, grpc Ok,
        explanation: "The request has succeeded, and something new was created by it.",
        causes: ["a form or a call that adds a record", "an upload to an address that was free"],
        advice: "Follow the link to what was created, if there is one.",
    }

    202 "Accepted" [RFC 9110 "15.3.3"] {
        Fulfilled, grpc Ok,
        explanation: "The request has been taken on, but the work is not finished. How it will end \
            is not known yet.",
        causes: ["work that waits in a queue or runs in the background"],
        advice: "Come back later to see how it went.",
    }

    203 "Non-Authoritative Information" [RFC 9110 "15.3.4"] {
        Fulfilled, grpc Ok,
        explanation: "The request has succeeded, but a proxy on the way changed what the server \
            sent.",
        causes: ["a proxy that compresses, filters or rewrites pages"],
        advice: "If you need the original, connect without the proxy.",
    }

    204 "No Content" [RFC 9110 "15.3.5"] {
        Fulfilled, grpc Ok,
        explanation: "The request has succeeded, and there is nothing further to show.",
        causes: ["saving or deleting something without leaving the page"],
        advice: "There is nothing to do: stay on the page where you are.",
    }

    205 "Reset Content" [RFC 9110 "15.3.6"] {
        Fulfilled, grpc Ok,
        explanation: "The request has succeeded, and the form it came from should be cleared.",
        causes: ["a form for entering one record after another"],
        advice: "Clear the form and go on with the next entry.",
    }

    206 "Partial Content" [RFC 9110 "15.3.7"] {
        Fulfilled, grpc Ok,
        explanation: "Only a part of the content was asked for, and this is that part.",
        causes: ["a download that is resumed", "a player that jumps to another place in a video"],
        advice: "Put this part where Content-Range says. Browsers and players do so by themselves.",
    }

    207 "Multi-Status" [RFC 4918 "11.1"] {
        Fulfilled, grpc Ok,
        explanation: "The request concerned several things, and the content lists a status for \
            each of them.",
        causes: ["a WebDAV request for a whole collection"],
        advice: "Read the status of each: some of them may have failed.",
    }

    208 "Already Reported" [RFC 5842 "7.1"] {
        Fulfilled, grpc Ok,
        explanation: "The members of this collection are listed earlier in the same answer and are \
            not repeated.",
        causes: ["a WebDAV collection that can be reached in more than one way"],
        advice: "Use the earlier list.",
    }

    226 "IM Used" [RFC 3229 "10.4.1"] {
        Fulfilled, grpc Ok,
        explanation: "The request has succeeded, and the content was transformed as the client \
            offered, for instance into the changes since an earlier version.",
        causes: ["a client that names in A-IM the transformations it can undo"],
        advice: "Undo the transformations that the IM field names.",
    }

    // 3xx: the answer is elsewhere.

    300 "Multiple Choices" [RFC 9110 "15.4.1"] {
        Unknown, grpc Unknown,
        explanation: "There are several choices for what was asked for, and they cannot be \
            resolved into one. The choices are listed.",
        causes: [
            "a document that exists in several formats or languages",
            "an address that fits several files",
        ],
        advice: "Choose one of those listed.",
    }

    301 "Moved Permanently" [RFC 9110 "15.4.2"] requires LOCATION {
        Permanent, grpc Unknown,
        explanation: "This has a new, permanent address. Please use the new one in future.",
        causes: [
            "a page or a site that was moved or renamed",
            "a site that is now served over https only",
        ],
        advice: "Follow the link to the new address, and change bookmarks and links that still use \
            the old one.",
    }

    302 "Found" [RFC 9110 "15.4.3"] requires LOCATION {
        Temporary, grpc Unknown,
        explanation: "This is temporarily at another address. That may change again, so keep using \
            the original address.",
        causes: [
            "a page that is elsewhere for a while",
            "a visit that leads to a sign-in page first",
        ],
        advice: "Follow the link for now, and come back to the original address the next time.",
    }

    303 "See Other" [RFC 9110 "15.4.4"] requires LOCATION {
        Unknown, grpc Unknown,
        explanation: "The answer to this request is a page at another address.",
        causes: ["a form that was sent and whose result has a page of its own"],
        advice: "Follow the link.",
    }

    304 "Not Modified" [RFC 9110 "15.4.5"] {
        Fulfilled, grpc Unknown,
        explanation: "A conditional GET was made, access is allowed, and the document has not been \
            modified. So it is not sent again, and this answer has no body.",
        causes: [
            "If-None-Match with the current entity tag",
            "If-Modified-Since with a date since which nothing has changed",
        ],
        advice: "Use the copy that you have. Browsers do so by themselves.",
    }

    305 "Use Proxy" [RFC 9110 "15.4.6"] {
        Unknown, grpc Unknown,
        explanation: "The server asks for this request to come through a proxy. This status is \
            deprecated, and for reasons of security browsers do not act on it.",
        causes: ["a server that follows the HTTP of the nineties"],
        advice: "Tell the people who run this site which page you opened.",
    }

    306 "(Unused)" [RFC 9110 "15.4.7"] {
        Unknown, grpc Unknown,
        explanation: "This status had a meaning in an early draft of HTTP, and has none today.",
        causes: ["a server with a status of its own making"],
        advice: "Tell the people who run this site which page you opened.",
    }

    307 "Temporary Redirect" [RFC 9110 "15.4.8"] requires LOCATION {
        Temporary, grpc Unknown,
        explanation: "This is temporarily at another address, and the request must be repeated \
            there without changing its method. That may change again, so keep using the original \
            address.",
        causes: ["a form or a call whose server is elsewhere for a while"],
        advice: "Repeat the request at the address given for now, and use the original address the \
            next time.",
    }

    308 "Permanent Redirect" [RFC 9110 "15.4.9"] requires LOCATION {
        Permanent, grpc Unknown,
        explanation: "This has a new, permanent address, and the request must be repeated there \
            without changing its method. Please use the new address in future.",
        causes: ["a form or a call that was moved", "a site that is now served over https only"],
        advice: "Repeat the request at the new address, and change what still uses the old one.",
    }

    // 4xx: the request has to change, or its sender to wait.

    400 "Bad Request" [RFC 9110 "15.5.1"] {
        Permanent, grpc InvalidArgument,
        explanation: "The server did not understand the request. Usually something in its syntax \
            is not right.",
        causes: [
            "data that is cut short or not well-formed, such as JSON without its closing bracket",
            "an address with characters that do not belong there",
            "a damaged cookie",
        ],
        advice: "Check the address and the data, then try again. If you only followed a link, \
            reload the page that it is on.",
    }

    401 "Unauthorized" [RFC 9110 "15.5.2"] requires WWW_AUTHENTICATE {
        Permanent, grpc Unauthenticated,
        explanation: "Authentication is required: please sign in to see this.",
        causes: [
            "not being signed in",
            "a session that has ended",
            "a mistyped user name or password",
            "an access token that is missing, expired or withdrawn",
        ],
        advice: "Sign in and try again.",
    }

    402 "Payment Required" [RFC 9110 "15.5.3"] {
        Unknown, grpc FailedPrecondition,
        explanation: "This is available only after a payment.",
        causes: [
            "a free quota that is used up",
            "a subscription that has ended",
            "a payment that did not go through",
        ],
        advice: "Look at your plan or your open invoices on this site.",
    }

    403 "Forbidden" [RFC 9110 "15.5.4"] {
        Unknown, grpc PermissionDenied,
        explanation: "The server understood the request but will not fulfil it. Access is not \
            allowed, and authorization with the same account will not change that.",
        causes: [
            "an account that has no right to see this",
            "a network or a country from which access is blocked",
            "a folder whose content is not shown",
        ],
        advice: "If you should have access, sign in with another account or ask the people who run \
            this site.",
    }

    404 "Not Found" [RFC 9110 "15.5.5"] {
        Unknown, grpc NotFound,
        explanation: "Nothing here matches this address. Whether that is temporary or permanent is \
            not known.",
        causes: [
            "a mistyped address",
            "a link that is out of date",
            "a page that was moved, renamed or removed",
        ],
        advice: "Check the address for typing mistakes, or begin at the home page.",
    }

    405 "Method Not Allowed" [RFC 9110 "15.5.6"] requires ALLOW {
        Permanent, grpc Unimplemented,
        explanation: "This address exists, but it does not support the method of this request.",
        causes: [
            "a POST to an address that can only be read",
            "the address of a form opened as if it were a page",
        ],
        advice: "Use one of the methods in the Allow field. In a browser, go back and use the \
            links and buttons of the page.",
    }

    406 "Not Acceptable" [RFC 9110 "15.5.7"] {
        Permanent, grpc FailedPrecondition,
        explanation: "This is not available in any of the formats or languages that the request \
            accepts.",
        causes: ["Accept, Accept-Encoding or Accept-Language that leaves nothing to choose from"],
        advice: "Accept further media types, encodings or languages.",
    }

    407 "Proxy Authentication Required" [RFC 9110 "15.5.8"] requires PROXY_AUTHENTICATE {
        Permanent, grpc FailedPrecondition,
        explanation: "The proxy between you and the server requires authentication.",
        causes: ["a network, such as that of a company, whose proxy asks for a user name"],
        advice: "Sign in to the proxy and try again. The people who run your network can help.",
    }

    408 "Request Timeout" [RFC 9110 "15.5.9"] {
        Temporary, grpc DeadlineExceeded,
        explanation: "The server waited for the whole request, but it did not arrive in time.",
        causes: [
            "a slow or interrupted connection",
            "a large upload",
            "a connection that a browser opened in advance and did not use",
        ],
        advice: "Try again. If this happens often, check your connection.",
    }

    409 "Conflict" [RFC 9110 "15.5.10"] {
        Unknown, grpc Aborted,
        explanation: "The request does not fit the present state of what it is about.",
        causes: [
            "someone else who changed the same thing in the meantime",
            "a name that is already taken",
            "a change that is based on an old version",
        ],
        advice: "Load the current version, then make your change again.",
    }

    410 "Gone" [RFC 9110 "15.5.11"] {
        Permanent, grpc NotFound,
        explanation: "What was here is no longer available, and no forwarding address is known. \
            This is likely to be permanent.",
        causes: [
            "something that was taken down on purpose",
            "an offer or an event that is over",
            "an account that was closed",
        ],
        advice: "Remove bookmarks and links to this address. A search on this site may find \
            something similar.",
    }

    411 "Length Required" [RFC 9110 "15.5.12"] {
        Permanent, grpc FailedPrecondition,
        explanation: "The server takes this request only if it states the length of its body.",
        causes: ["a client that sends a body without knowing its length beforehand"],
        advice: "Send the request again with a Content-Length field.",
    }

    412 "Precondition Failed" [RFC 9110 "15.5.13"] {
        Permanent, grpc FailedPrecondition,
        explanation: "The request was to be carried out only on a condition, and that condition \
            does not hold. Nothing was changed.",
        causes: [
            "If-Match with an entity tag that is no longer current",
            "If-Unmodified-Since with a date before the last change",
            "If-None-Match: * for something that exists already",
        ],
        advice: "Fetch the current version, make your change to it, and send it with the new \
            entity tag.",
    }

    413 "Content Too Large" [RFC 9110 "15.5.14"] {
        Unknown, grpc ResourceExhausted,
        explanation: "The request brings more data than the server accepts.",
        causes: ["a file above the limit for uploads", "many files sent at once"],
        advice: "Send a smaller file, or send it in several parts.",
    }

    414 "URI Too Long" [RFC 9110 "15.5.15"] {
        Permanent, grpc FailedPrecondition,
        explanation: "The address is longer than the server accepts.",
        causes: [
            "a large form that is sent with GET instead of POST",
            "a redirect that adds to the address each time",
        ],
        advice: "Shorten the address, and send long data with POST.",
    }

    415 "Unsupported Media Type" [RFC 9110 "15.5.16"] {
        Permanent, grpc Unimplemented,
        explanation: "The body of the request is in a format that this address does not support.",
        causes: [
            "a Content-Type that is missing or names another format",
            "a Content-Encoding that the server cannot decode",
        ],
        advice: "Send the data in a supported format, and name that format in Content-Type.",
    }

    416 "Range Not Satisfiable" [RFC 9110 "15.5.17"] requires CONTENT_RANGE {
        Unknown, grpc OutOfRange,
        explanation: "The request asks for a part that the content does not have.",
        causes: [
            "a resumed download of a file that has become shorter",
            "a Range field that begins past the end, or lists too many small ranges",
        ],
        advice: "Start the download from the beginning, or ask for a range within the length in \
            the Content-Range field.",
    }

    417 "Expectation Failed" [RFC 9110 "15.5.18"] {
        Permanent, grpc FailedPrecondition,
        explanation: "The server cannot meet what the Expect field of the request asks for.",
        causes: [
            "an Expect field with anything but 100-continue",
            "a proxy that does not support it",
        ],
        advice: "Send the request again without an Expect field.",
    }

    418 "(Unused)" [RFC 9110 "15.5.19"] {
        Unknown, grpc FailedPrecondition,
        explanation: "This status has no meaning. It stays reserved because of an old joke about a \
            teapot that is asked to brew coffee.",
        causes: ["the same joke", "a site that turns away what it takes for a robot"],
        advice: "If you expected something else here, tell the people who run this site.",
    }

    421 "Misdirected Request" [RFC 9110 "15.5.20"] {
        Temporary, grpc Unavailable,
        explanation: "The request reached a server that does not answer for this site.",
        causes: [
            "a connection that was reused for another host name",
            "a proxy that passes a host name to the wrong server",
        ],
        advice: "Try again over a new connection: reload the page, or restart the browser.",
    }

    422 "Unprocessable Content" [RFC 9110 "15.5.21"] {
        Permanent, grpc InvalidArgument,
        explanation: "The data is well-formed, but the server cannot work with what it says.",
        causes: [
            "a field that is missing or has a value out of bounds",
            "values that contradict each other",
        ],
        advice: "Correct the values and send them again.",
    }

    423 "Locked" [RFC 4918 "11.3"] {
        Temporary, grpc FailedPrecondition,
        explanation: "What the request is about is locked at the moment.",
        causes: ["someone else who is editing it", "a WebDAV lock that was not released"],
        advice: "Wait until the lock is released, or ask the person who holds it.",
    }

    424 "Failed Dependency" [RFC 4918 "11.4"] {
        Unknown, grpc FailedPrecondition,
        explanation: "This was not done because it depends on another action, and that one failed.",
        causes: ["a WebDAV request with several changes, one of which failed"],
        advice: "Put right what failed first, then send the request again.",
    }

    425 "Too Early" [RFC 8470 "5.2"] {
        Temporary, grpc Unavailable,
        explanation: "The request came before the secure connection was fully set up, when someone \
            else could have replayed it. The server does not take that risk.",
        causes: ["a request in the early data (0-RTT) of a TLS connection"],
        advice: "Send the request again once the TLS handshake is complete. Browsers do so by \
            themselves.",
    }

    426 "Upgrade Required" [RFC 9110 "15.5.22"] requires UPGRADE {
        Permanent, grpc FailedPrecondition,
        explanation: "The server does not answer this request over the present protocol, but may \
            over another.",
        causes: [
            "the address of a WebSocket opened as if it were a page",
            "a version of HTTP or TLS that the server no longer accepts",
        ],
        advice: "Send the request again over a protocol that the Upgrade field names.",
    }

    428 "Precondition Required" [RFC 6585 "3"] {
        Permanent, grpc FailedPrecondition,
        explanation: "The server makes this change only on the condition that nobody else has made \
            one in the meantime, and the request states no such condition.",
        causes: ["a PUT, PATCH or DELETE without If-Match"],
        advice: "Fetch the current version, then send your change with its entity tag in If-Match.",
    }

    429 "Too Many Requests" [RFC 6585 "4"] {
        Temporary, grpc ResourceExhausted,
        explanation: "More requests came in a short time than are allowed.",
        causes: [
            "a program that asks too often",
            "several people behind the same network address",
        ],
        advice: "Wait a while, then try again. A Retry-After field, if there is one, says how \
            long.",
    }

    431 "Request Header Fields Too Large" [RFC 6585 "5"] {
        Permanent, grpc ResourceExhausted,
        explanation: "The header fields of the request, one of them or all together, are larger \
            than the server accepts.",
        causes: ["cookies that have piled up", "a very long Referer, or a very large access token"],
        advice: "Delete the cookies of this site and try again. A program should send fewer or \
            shorter fields.",
    }

    451 "Unavailable For Legal Reasons" [RFC 7725 "3"] {
        Unknown, grpc PermissionDenied,
        explanation: "This cannot be shown for legal reasons.",
        causes: ["a court order", "a claim of copyright", "a law that applies where you are"],
        advice: "Ask the people who run this site which demand applies and who made it.",
    }

    // 5xx: the server could not do it.

    500 "Internal Server Error" [RFC 9110 "15.6.1"] {
        Unknown, grpc Internal,
        explanation: "An unexpected condition on the server prevented this request from being \
            fulfilled.",
        causes: [
            "an error in the application",
            "a database or another service that failed",
            "a mistake in the configuration of the server",
        ],
        advice: "Try again in a while. If it happens again, tell the people who run this site what \
            you did and when.",
    }

    501 "Not Implemented" [RFC 9110 "15.6.2"] {
        Permanent, grpc Unimplemented,
        explanation: "The server does not support the functionality that this request requires.",
        causes: ["a method that the server does not know", "a feature that is not ready yet"],
        advice: "Look on the site or in its documentation for another way. Trying again will not \
            help.",
    }

    502 "Bad Gateway" [RFC 9110 "15.6.3"] {
        Temporary, grpc Unavailable,
        explanation: "This server passed the request on to another one, and the answer that came \
            back could not be used.",
        causes: [
            "an application that crashed or is being restarted",
            "an answer that broke off",
            "a gateway that is set up with the wrong address",
        ],
        advice: "Try again in a few minutes.",
    }

    503 "Service Unavailable" [RFC 9110 "15.6.4"] {
        Temporary, grpc Unavailable,
        explanation: "The server cannot fulfil the request at this time. This is typically \
            temporary.",
        causes: [
            "a crash",
            "maintenance",
            "overload",
            "an attack",
            "an allotted bandwidth that is used up",
            "a server that is forbidden to return the document",
        ],
        advice: "Try again later. A Retry-After field, if there is one, says when.",
    }

    504 "Gateway Timeout" [RFC 9110 "15.6.5"] {
        Temporary, grpc DeadlineExceeded,
        explanation: "This server passed the request on to another one, and no answer came back in \
            time.",
        causes: [
            "a database or another service that is slow or overloaded",
            "a request that takes longer than the gateway waits",
        ],
        advice: "Try again in a few minutes. If you asked for a lot at once, ask for less.",
    }

    505 "HTTP Version Not Supported" [RFC 9110 "15.6.6"] {
        Permanent, grpc Internal,
        explanation: "The server does not support the version of HTTP that the request uses.",
        causes: ["a very old or very new client", "a proxy that changes the version"],
        advice: "Use a current browser or library, or another version of HTTP.",
    }

    506 "Variant Also Negotiates" [RFC 2295 "8.1"] {
        Unknown, grpc Internal,
        explanation: "The server has several versions of this page and is set up in a way that \
            keeps it from choosing one.",
        causes: ["a version that itself asks for a choice between versions"],
        advice: "Tell the people who run this site which page you opened.",
    }

    507 "Insufficient Storage" [RFC 4918 "11.5"] {
        Temporary, grpc ResourceExhausted,
        explanation: "The server has no room to store what the request needs.",
        causes: ["a full disk", "a storage quota that is used up"],
        advice: "Delete what you no longer need here, or try again later.",
    }

    508 "Loop Detected" [RFC 5842 "7.2"] {
        Unknown, grpc Internal,
        explanation: "The server stopped because the request led it round in a circle.",
        causes: ["a WebDAV collection that contains itself, asked for with Depth: infinity"],
        advice: "Ask for a smaller part, or tell the people who run this site.",
    }

    510 "Not Extended (OBSOLETED)" [RFC 2774 "7"] {
        Unknown, grpc Internal,
        explanation: "The server asks for an extension of HTTP that the request does not declare. \
            The rules for such extensions are obsolete.",
        causes: ["a server that follows an experiment of the nineties"],
        advice: "Tell the people who run this site which page you opened.",
    }

    511 "Network Authentication Required" [RFC 6585 "6"] {
        Temporary, grpc Internal,
        explanation: "The network that you use wants you to sign in before it lets you through.",
        causes: ["the sign-in page of a hotel, a train or an airport"],
        advice: "Sign in to the network, then load this page again.",
    }

    // Not registered with IANA, and a 4xx in all but its number.

    550 "Permission Denied" [unregistered] {
        Unknown, grpc PermissionDenied,
        explanation: "The account that is logged in has no permission for this action.",
        causes: [
            "an action that is reserved for other accounts",
            "a server that says so with 550, which is not registered with IANA: clients that do \
                not know it treat it as 500, so the map_status option of the layer can make it a 403",
        ],
        advice: "Sign in with an account that has the permission, or ask the people who run this \
            site for it.",
    }
};

//! 4xx: the request has to change, or its sender has to wait.

use super::{Entry, entries};

pub(super) const ENTRIES: &[Entry] = entries! {
    400 "Bad Request" [RFC 9110 "15.5.1"] {
        Permanent, grpc InvalidArgument,
        headline: "The request was not understood",
        explanation: "The server did not understand the request, usually because of a mistake in how it is written.",
        causes: ["data that is incomplete or damaged", "an address with a mistake in it", "a damaged cookie"],
        advice: "Check the address and what you entered, then try again.",
        for_developers: "The server did not understand the request, usually because of its syntax. Check the URI, \
            the header fields and the content before you send it again.",
    }

    401 "Unauthorized" [RFC 9110 "15.5.2"] requires WWW_AUTHENTICATE {
        Permanent, grpc Unauthenticated,
        headline: "Sign in to continue",
        explanation: "You are not signed in, or you were signed out after a while.",
        causes: ["a session that has ended", "a wrong user name or password"],
        advice: "Sign in and try again.",
        for_developers: "Authentication is required: the request has no valid credentials. The WWW-Authenticate \
            field names the schemes that the server accepts.",
    }

    402 "Payment Required" [RFC 9110 "15.5.3"] {
        Unknown, grpc FailedPrecondition,
        headline: "Payment required",
        explanation: "This is only available after a payment.",
        causes: ["a free allowance that is used up", "a subscription that has ended", "a payment that failed"],
        advice: "Check your plan and your open invoices on this site.",
        for_developers: "This service requires a payment first. 402 has no standard meaning: see the documentation \
            of the service.",
    }

    403 "Forbidden" [RFC 9110 "15.5.4"] {
        Unknown, grpc PermissionDenied,
        headline: "You don't have access",
        explanation: "The server understood the request, but refused it. Signing in again with the same account \
            will not help.",
        causes: ["an account without access", "a network or a country from which access is blocked"],
        advice: "If you should have access, sign in with another account, or ask the people who run this site.",
        for_developers: "The server understood the request, but will not fulfill it: access is not allowed, and \
            authorization with the same account will not help.",
    }

    404 "Not Found" [RFC 9110 "15.5.5"] {
        Unknown, grpc NotFound,
        headline: "Page not found",
        explanation: "There is nothing at this address. This may be temporary or permanent.",
        causes: ["a mistyped address", "a link that is out of date", "a page that was moved or removed"],
        advice: "Check the address for typos, or go back to the previous page.",
        for_developers: "Nothing matches the request URI. This may be temporary or permanent.",
    }

    405 "Method Not Allowed" [RFC 9110 "15.5.6"] requires ALLOW {
        Permanent, grpc Unimplemented,
        headline: "You can't do that here",
        explanation: "This address does not support what you tried to do.",
        causes: ["a form that was sent to the wrong address", "a page that can only be reached with a form"],
        advice: "Go back, reload the page, and try again.",
        for_developers: "The resource does not support the method of the request. The Allow field lists the methods \
            that it supports.",
    }

    406 "Not Acceptable" [RFC 9110 "15.5.7"] {
        Permanent, grpc FailedPrecondition,
        headline: "No suitable version",
        explanation: "This page is not available in a format or language that was asked for.",
        causes: ["a browser that asks for a format or language which this page does not have"],
        advice: "Try another browser, or add another language in its settings.",
        for_developers: "No representation matches the Accept, Accept-Encoding and Accept-Language fields. Accept \
            further media types, encodings or languages.",
    }

    407 "Proxy Authentication Required" [RFC 9110 "15.5.8"] requires PROXY_AUTHENTICATE {
        Permanent, grpc FailedPrecondition,
        headline: "Sign in to your network",
        explanation: "Your network asks you to sign in to its proxy before you can reach this site.",
        causes: ["a company network whose proxy asks for a user name"],
        advice: "Sign in to the proxy and try again. The people who run your network can help.",
        for_developers: "Authentication with the proxy is required. The Proxy-Authenticate field names the schemes \
            that the proxy accepts.",
    }

    408 "Request Timeout" [RFC 9110 "15.5.9"] {
        Temporary, grpc DeadlineExceeded,
        headline: "The connection was too slow",
        explanation: "What you sent did not arrive in time, so the server stopped waiting.",
        causes: ["a slow or interrupted connection", "a large upload"],
        advice: "Try again. If this happens often, check your connection.",
        for_developers: "The complete request did not arrive in time. It can be repeated on a new connection.",
    }

    409 "Conflict" [RFC 9110 "15.5.10"] {
        Unknown, grpc Aborted,
        headline: "This could not be done",
        explanation: "It conflicts with something that is already there.",
        causes: [
            "a change that someone else made first",
            "a name that is already taken",
            "a change that is based on an old version",
        ],
        advice: "Reload the page to see the current version, then make your change again.",
        for_developers: "The request conflicts with the current state of the resource. Fetch that state, resolve the \
            conflict, and send the request again.",
    }

    410 "Gone" [RFC 9110 "15.5.11"] {
        Permanent, grpc NotFound,
        headline: "This page is gone",
        explanation: "What was here is no longer available, and there is no forwarding address. This is likely to be \
            permanent.",
        causes: [
            "something that was taken down on purpose",
            "an offer or an event that is over",
            "an account that was closed",
        ],
        advice: "Remove any bookmarks or links to this page.",
        for_developers: "The resource is no longer available, and no forwarding address is known. This is likely to \
            be permanent: remove references to it.",
    }

    411 "Length Required" [RFC 9110 "15.5.12"] {
        Permanent, grpc FailedPrecondition,
        headline: "The request was incomplete",
        explanation: "The request left out something that the server needs.",
        causes: ["a program that sends data without stating its length"],
        advice: "Try again with another browser or program.",
        for_developers: "Send the request again with a Content-Length field.",
    }

    412 "Precondition Failed" [RFC 9110 "15.5.13"] {
        Permanent, grpc FailedPrecondition,
        headline: "This has changed since you opened it",
        explanation: "Your change was not saved, because it is based on an older version.",
        causes: ["someone else's change", "your own change in another tab"],
        advice: "Go back, reload the page, and make your change again.",
        for_developers: "A condition of the request, such as If-Match, is false. Fetch the current version, make the \
            change to it, and send it with the new entity tag.",
    }

    413 "Content Too Large" [RFC 9110 "15.5.14"] {
        Unknown, grpc ResourceExhausted,
        headline: "This is too large",
        explanation: "What you sent is larger than this site accepts.",
        causes: ["a file over the size limit", "many files sent at once"],
        advice: "Send a smaller file, or fewer files at a time.",
        for_developers: "The content of the request is larger than the server accepts.",
    }

    414 "URI Too Long" [RFC 9110 "15.5.15"] {
        Permanent, grpc FailedPrecondition,
        headline: "The address is too long",
        explanation: "The address is longer than the server accepts.",
        causes: ["a large form that is sent as part of the address", "an address that grows with each redirect"],
        advice: "Shorten the address, or go back to the previous page.",
        for_developers: "The request URI is longer than the server accepts. Send long data in the content of a POST.",
    }

    415 "Unsupported Media Type" [RFC 9110 "15.5.16"] {
        Permanent, grpc Unimplemented,
        headline: "This format is not supported",
        explanation: "You sent data in a format that is not supported here.",
        causes: ["a file of the wrong type"],
        advice: "Send the data in another format.",
        for_developers: "The resource does not support the media type or the coding of the content. Send a supported \
            format, and name it in Content-Type.",
    }

    416 "Range Not Satisfiable" [RFC 9110 "15.5.17"] requires CONTENT_RANGE {
        Unknown, grpc OutOfRange,
        headline: "The download cannot continue",
        explanation: "The server has no such part of the file. The file may have changed since the download began.",
        causes: ["a resumed download of a file that is shorter now"],
        advice: "Start the download again from the beginning.",
        for_developers: "The ranges in the Range field are outside the content, or there are too many of them. \
            The Content-Range field gives the complete length.",
    }

    417 "Expectation Failed" [RFC 9110 "15.5.18"] {
        Permanent, grpc FailedPrecondition,
        headline: "The server cannot do this",
        explanation: "The request asks for something that the server cannot do.",
        causes: ["an app or a proxy that asks for something unusual"],
        advice: "Try again with another browser or program.",
        for_developers: "The server cannot meet the expectation in the Expect field. Send the request again without \
            that field.",
    }

    418 "(Unused)" [RFC 9110 "15.5.19"] {
        Unknown, grpc FailedPrecondition,
        headline: "This is a teapot",
        explanation: "The server sent a status code that has no serious meaning. It comes from an old joke about a \
            teapot that is asked to brew coffee.",
        causes: ["a joke", "a site that turns away automated visitors"],
        advice: "If you expected something else here, tell the people who run this site.",
        for_developers: "418 is reserved and has no meaning in HTTP. Some sites send it to automated clients.",
    }

    421 "Misdirected Request" [RFC 9110 "15.5.20"] {
        Temporary, grpc Unavailable,
        headline: "Wrong server",
        explanation: "The request arrived on a connection to a server that is not responsible for this site.",
        causes: ["a browser that reused the connection of another site", "a mistake in the setup of this site"],
        advice: "Reload the page. If that does not help, restart your browser.",
        for_developers: "The server is not able to respond for this scheme and host. Repeat the request on a new \
            connection.",
    }

    422 "Unprocessable Content" [RFC 9110 "15.5.21"] {
        Permanent, grpc InvalidArgument,
        headline: "Please check your entries",
        explanation: "Something that you entered is missing or not valid.",
        causes: ["an empty field", "a value that is too large or too small", "values that contradict each other"],
        advice: "Go back, correct the entries, and send them again.",
        for_developers: "The content is well-formed, but its values are not valid. Correct them before you send the \
            request again.",
    }

    423 "Locked" [RFC 4918 "11.3"] {
        Temporary, grpc FailedPrecondition,
        headline: "This is locked",
        explanation: "Someone else is probably editing this right now.",
        causes: ["someone else who is editing it", "a lock that was not released"],
        advice: "Wait until it is unlocked, or ask the person who is editing it.",
        for_developers: "The resource is locked. Send the lock token, or repeat the request when the lock has been \
            released.",
    }

    424 "Failed Dependency" [RFC 4918 "11.4"] {
        Unknown, grpc FailedPrecondition,
        headline: "Something else failed first",
        explanation: "This was not done, because an earlier step failed.",
        causes: ["several changes made at once, one of which failed"],
        advice: "Correct what failed first, then try again.",
        for_developers: "The request depends on another action, and that action failed.",
    }

    425 "Too Early" [RFC 8470 "5.2"] {
        Temporary, grpc Unavailable,
        headline: "Please try again",
        explanation: "The secure connection was not ready yet. To be safe, the server did nothing.",
        causes: ["a browser that saves time by sending its request early"],
        advice: "Reload the page.",
        for_developers: "The server does not process this request in TLS early data, where it could be replayed. \
            Repeat it after the handshake.",
    }

    426 "Upgrade Required" [RFC 9110 "15.5.22"] requires UPGRADE {
        Permanent, grpc FailedPrecondition,
        headline: "Your browser cannot open this",
        explanation: "This address needs a newer program, or a different one.",
        causes: ["an address for programs that was opened as a page", "an outdated browser or program"],
        advice: "Try again with an up-to-date browser or program. If this address is meant for programs, there is no \
            page to see.",
        for_developers: "Send the request again over a protocol that the Upgrade field lists.",
    }

    428 "Precondition Required" [RFC 6585 "3"] {
        Permanent, grpc FailedPrecondition,
        headline: "Your change was not made",
        explanation: "To avoid overwriting the work of others, the server needs to know which version you changed.",
        causes: ["a program that leaves out which version it changed"],
        advice: "Go back, reload the page, and make your change again.",
        for_developers: "Fetch the current version, then send the change with its entity tag in If-Match.",
    }

    429 "Too Many Requests" [RFC 6585 "4"] {
        Temporary, grpc ResourceExhausted,
        headline: "Too many requests",
        explanation: "Too many requests came from you, or from your network, in a short time.",
        causes: ["many tries in a row", "a program that asks too often", "several people who share a network"],
        advice: "Wait a while, then try again.",
        for_developers: "Wait before you send more requests: as long as the Retry-After field states, or if it is \
            absent, longer after each attempt.",
    }

    431 "Request Header Fields Too Large" [RFC 6585 "5"] {
        Permanent, grpc ResourceExhausted,
        headline: "Your browser sent too much",
        explanation: "The request had more extra data than the server accepts, usually too many cookies.",
        causes: ["cookies that have piled up"],
        advice: "Delete the cookies of this site, then try again.",
        for_developers: "The header fields of the request, one of them or all together, are too large. Send fewer or \
            shorter ones.",
    }

    451 "Unavailable For Legal Reasons" [RFC 7725 "3"] {
        Unknown, grpc PermissionDenied,
        headline: "Unavailable for legal reasons",
        explanation: "This cannot be shown for legal reasons.",
        causes: ["a court order", "a copyright claim", "a law that applies where you are"],
        advice: "The people who run this site can tell you more.",
        for_developers: "Access is denied because of a legal demand. A Link field with the relation blocked-by, if \
            present, identifies who blocks it.",
    }
};

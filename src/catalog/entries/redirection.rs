//! 3xx: the client has to go elsewhere.

use super::{Entry, entries};

pub(super) const ENTRIES: &[Entry] = entries! {
    300 "Multiple Choices" [RFC 9110 "15.4.1"] {
        Unknown, grpc Unknown,
        headline: "Several choices",
        explanation: "There are several choices for this address, and they cannot be resolved into one. The choices \
            are listed.",
        causes: ["a document that exists in several formats or languages", "an address that matches several files"],
        advice: "Choose one of those listed.",
        for_developers: "There are several representations, and the server cannot resolve the choice into one. \
            Select one of those listed in the content and in the Link fields.",
    }

    301 "Moved Permanently" [RFC 9110 "15.4.2"] requires LOCATION {
        Permanent, grpc Unknown,
        headline: "This page has moved",
        explanation: "This page has a new, permanent address. Please use the new one in future.",
        causes: ["a page or a site that was moved or renamed", "a site that is now available over https only"],
        advice: "Follow the link to the new address, and update bookmarks and links that still use the old one.",
        for_developers: "The resource has a new, permanent URI in the Location field: use it from now on. A client \
            may change POST to GET; 308 is the status that does not allow this.",
    }

    302 "Found" [RFC 9110 "15.4.3"] requires LOCATION {
        Temporary, grpc Unknown,
        headline: "This page is temporarily elsewhere",
        explanation: "This page is temporarily at another address. That may change again, so keep using the original \
            address.",
        causes: ["a page that is elsewhere for a while", "a visit that leads to a sign-in page first"],
        advice: "Follow the link for now, and use the original address again the next time.",
        for_developers: "The resource is temporarily at the URI in the Location field: send later requests to the \
            original URI. A client may change POST to GET; 307 is the status that does not allow this.",
    }

    303 "See Other" [RFC 9110 "15.4.4"] requires LOCATION {
        Unknown, grpc Unknown,
        headline: "The result is on another page",
        explanation: "The result of this request is on another page.",
        causes: ["a form whose result has its own page"],
        advice: "Follow the link.",
        for_developers: "Fetch the URI in the Location field with GET.",
    }

    304 "Not Modified" [RFC 9110 "15.4.5"] {
        Fulfilled, grpc Unknown,
        headline: "Nothing has changed",
        explanation: "You have access, and the document has not been modified since you last loaded it, so it is \
            not sent again.",
        causes: ["a browser that checks whether its copy is still current"],
        advice: "Use the copy that you have. Browsers do this by themselves.",
        for_developers: "A conditional GET was made, access is allowed, and the document has not been modified. The \
            response has no body: use the stored one.",
    }

    305 "Use Proxy" [RFC 9110 "15.4.6"] {
        Unknown, grpc Unknown,
        headline: "This page needs a proxy",
        explanation: "The server asks for this page to be loaded through a proxy. For security reasons browsers do \
            not do this.",
        causes: ["a very old server"],
        advice: "Tell the people who run this site which page you opened.",
        for_developers: "305 is deprecated for security reasons, and clients do not act on it.",
    }

    306 "(Unused)" [RFC 9110 "15.4.7"] {
        Unknown, grpc Unknown,
        headline: "Unknown response",
        explanation: "The server sent a status code that has no meaning today.",
        causes: ["a server that uses its own status codes"],
        advice: "Tell the people who run this site which page you opened.",
        for_developers: "306 is reserved: an early draft of HTTP defined it, and no current specification does.",
    }

    307 "Temporary Redirect" [RFC 9110 "15.4.8"] requires LOCATION {
        Temporary, grpc Unknown,
        headline: "This page is temporarily elsewhere",
        explanation: "This page is temporarily at another address. That may change again, so keep using the original \
            address.",
        causes: ["a form or a page that is elsewhere for a while"],
        advice: "Follow the link for now, and use the original address again the next time.",
        for_developers: "Repeat the request at the URI in the Location field without changing its method, and send \
            later requests to the original URI.",
    }

    308 "Permanent Redirect" [RFC 9110 "15.4.9"] requires LOCATION {
        Permanent, grpc Unknown,
        headline: "This page has moved",
        explanation: "This page has a new, permanent address. Please use the new one in future.",
        causes: ["a form or a page that was moved", "a site that is now available over https only"],
        advice: "Follow the link to the new address, and update bookmarks and links that still use the old one.",
        for_developers: "Repeat the request at the URI in the Location field without changing its method, and use \
            that URI from now on.",
    }
};

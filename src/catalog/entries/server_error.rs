//! 5xx: the server could not fulfill the request. 550 is not registered with IANA, and a 4xx in all but its number.

use super::{Entry, entries};

pub(super) const ENTRIES: &[Entry] = entries! {
    500 "Internal Server Error" [RFC 9110 "15.6.1"] {
        Unknown, grpc Internal,
        headline: "Something went wrong",
        explanation: "An unexpected problem on the server prevented this request from being completed.",
        causes: [
            "an error in the application",
            "a database or another service that failed",
            "a mistake in the setup of the server",
        ],
        advice: "Try again in a while. If it happens again, tell the people who run this site what you did and when.",
        for_developers: "An unexpected condition on the server prevented this request from being fulfilled.",
    }

    501 "Not Implemented" [RFC 9110 "15.6.2"] {
        Permanent, grpc Unimplemented,
        headline: "This is not available",
        explanation: "The server does not support what this request requires.",
        causes: ["a feature that is not ready yet", "a program that asks for something unusual"],
        advice: "Trying again will not help. Look for another way to do this.",
        for_developers: "The server does not support the functionality that this request requires, such as its \
            method.",
    }

    502 "Bad Gateway" [RFC 9110 "15.6.3"] {
        Temporary, grpc Unavailable,
        headline: "This site has a problem",
        explanation: "One of the servers behind this site did not respond properly. It is not your fault.",
        causes: ["a server that crashed or is being restarted", "a mistake in the setup of this site"],
        advice: "Try again in a few minutes.",
        for_developers: "The gateway received an invalid response from the server behind it.",
    }

    503 "Service Unavailable" [RFC 9110 "15.6.4"] {
        Temporary, grpc Unavailable,
        headline: "Temporarily unavailable",
        explanation: "The server cannot complete the request at this time. This is usually temporary.",
        causes: [
            "a crash",
            "maintenance",
            "overload",
            "an attack",
            "bandwidth that is used up",
            "a document that the server is forbidden to return",
        ],
        advice: "Try again later.",
        for_developers: "The server cannot fulfill the request at this time, which is typically temporary. Try again \
            after the time in the Retry-After field, if there is one.",
    }

    504 "Gateway Timeout" [RFC 9110 "15.6.5"] {
        Temporary, grpc DeadlineExceeded,
        headline: "This took too long",
        explanation: "One of the servers behind this site took too long to respond. It is not your fault.",
        causes: ["a service that is slow or overloaded", "a task that takes longer than the site waits"],
        advice: "Try again in a few minutes. If you tried something large, try a smaller part.",
        for_developers: "The gateway received no response from the server behind it in time. That server may still \
            have carried out the request.",
    }

    505 "HTTP Version Not Supported" [RFC 9110 "15.6.6"] {
        Permanent, grpc Internal,
        headline: "This browser is not supported",
        explanation: "The request uses a version of the web protocol that the server does not support.",
        causes: ["a very old or very new program", "a proxy that changes the version"],
        advice: "Use an up-to-date browser or program.",
        for_developers: "The server does not support the major version of HTTP that the request uses.",
    }

    506 "Variant Also Negotiates" [RFC 2295 "8.1"] {
        Unknown, grpc Internal,
        headline: "This site is set up incorrectly",
        explanation: "This page exists in several versions, and a mistake in the setup of the site keeps the server \
            from choosing one.",
        causes: ["a version that itself asks for a choice between versions"],
        advice: "Tell the people who run this site which page you opened.",
        for_developers: "The variant that was chosen is itself configured for content negotiation.",
    }

    507 "Insufficient Storage" [RFC 4918 "11.5"] {
        Temporary, grpc ResourceExhausted,
        headline: "No space left",
        explanation: "The server has no space left to store this.",
        causes: ["a full disk", "a storage quota that is used up"],
        advice: "Delete what you no longer need here, or try again later.",
        for_developers: "The server cannot store what it needs to complete the request.",
    }

    508 "Loop Detected" [RFC 5842 "7.2"] {
        Unknown, grpc Internal,
        headline: "The site got stuck in a loop",
        explanation: "The server stopped, because it would never have come to an end.",
        causes: ["a folder that contains itself"],
        advice: "Tell the people who run this site what you did.",
        for_developers: "The server found an infinite loop while it processed a request with Depth: infinity.",
    }

    510 "Not Extended (OBSOLETED)" [RFC 2774 "7"] {
        Unknown, grpc Internal,
        headline: "Something is missing",
        explanation: "The server expects an addition to the web protocol that the request does not use.",
        causes: ["a very old server"],
        advice: "Tell the people who run this site which page you opened.",
        for_developers: "510 and the HTTP extensions that it asks for are obsolete.",
    }

    511 "Network Authentication Required" [RFC 6585 "6"] {
        Temporary, grpc Internal,
        headline: "Sign in to your network",
        explanation: "The network that you use wants you to sign in before it lets you through.",
        causes: ["the sign-in page of a hotel, a train or an airport"],
        advice: "Sign in to the network, then load this page again.",
        for_developers: "The network between client and server, not the server, requires authentication. Sign in to \
            the network, then repeat the request.",
    }

    550 "Permission Denied" [unregistered] {
        Unknown, grpc PermissionDenied,
        headline: "You don't have permission",
        explanation: "The account that you are signed in with does not have permission for this action.",
        causes: ["an action that only some accounts are allowed to take"],
        advice: "Sign in with an account that has permission, or ask the people who run this site for it.",
        for_developers: "The account that is logged in has no permission for this action. 550 is not registered with \
            IANA: clients that do not know it treat it as a 500.",
    }
};

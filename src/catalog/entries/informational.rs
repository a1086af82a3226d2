//! 1xx: interim responses. The final response follows.

use super::{Entry, entries};

pub(super) const ENTRIES: &[Entry] = entries! {
    100 "Continue" [RFC 9110 "15.2.1"] {
        Interim, grpc Unknown,
        headline: "Ready for the rest",
        explanation: "The first part of the request has arrived, and the rest can be sent.",
        causes: ["a program that asks before it sends a lot of data"],
        advice: "You don't need to do anything. The final response follows.",
        for_developers: "The server has received the header section and is ready for the content. The final \
            response follows.",
    }

    101 "Switching Protocols" [RFC 9110 "15.2.2"] {
        Interim, grpc Unknown,
        headline: "Switching protocols",
        explanation: "The connection switches to another protocol, as your browser or program asked.",
        causes: ["a WebSocket connection that is being opened"],
        advice: "You don't need to do anything. The connection continues in the new protocol.",
        for_developers: "From here on the connection uses the protocol in the Upgrade field.",
    }

    102 "Processing" [RFC 2518 "10.1"] {
        Interim, grpc Unknown,
        headline: "Still working on it",
        explanation: "The request has arrived and is being worked on. This takes a while.",
        causes: ["work that takes long, such as copying a large folder"],
        advice: "Wait for the final response.",
        for_developers: "This is an interim response. Keep the connection open: the final response follows.",
    }

    103 "Early Hints" [RFC 8297 "2"] {
        Interim, grpc Unknown,
        headline: "Almost there",
        explanation: "The page is still being prepared. Parts that it will probably need can already be loaded.",
        causes: ["a server that knows the styles and scripts of a page before the page is ready"],
        advice: "You don't need to do anything. The page follows.",
        for_developers: "The Link fields name resources that can be loaded early. The final response follows.",
    }
};

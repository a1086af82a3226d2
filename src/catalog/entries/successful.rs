//! 2xx: the request was fulfilled.

use super::{Entry, entries};

pub(super) const ENTRIES: &[Entry] = entries! {
    200 "OK" [RFC 9110 "15.3.1"] {
        Fulfilled, grpc Ok,
        headline: "All good",
        explanation: "The request has succeeded.",
        causes: ["a request that was understood and carried out"],
        advice: "You don't need to do anything. Everything went as it should.",
    }

    201 "Created" [RFC 9110 "15.3.2"] {
        Fulfilled, grpc Ok,
        headline: "Created",
        explanation: "The request has succeeded, and something new was created.",
        causes: ["a form that adds a record", "an upload to a free address"],
        advice: "Follow the link to what was created, if there is one.",
        for_developers: "The Location field, if present, is the URI of the new resource. Otherwise it was created \
            at the request URI.",
    }

    202 "Accepted" [RFC 9110 "15.3.3"] {
        Fulfilled, grpc Ok,
        headline: "Accepted",
        explanation: "The request has been accepted, but the work is not finished yet.",
        causes: ["work that waits in a queue or runs in the background"],
        advice: "Come back later to see the result.",
        for_developers: "The work is not finished, and it may still fail. The content can point to a resource that \
            reports its progress.",
    }

    203 "Non-Authoritative Information" [RFC 9110 "15.3.4"] {
        Fulfilled, grpc Ok,
        headline: "Changed on the way",
        explanation: "The request has succeeded, but a proxy changed what the server sent.",
        causes: ["a proxy that compresses, filters or rewrites pages"],
        advice: "If you need the original, connect without the proxy.",
    }

    204 "No Content" [RFC 9110 "15.3.5"] {
        Fulfilled, grpc Ok,
        headline: "Done",
        explanation: "The request has succeeded, and there is nothing more to show.",
        causes: ["saving or deleting something without leaving the page"],
        advice: "You don't need to do anything. Stay on the page.",
    }

    205 "Reset Content" [RFC 9110 "15.3.6"] {
        Fulfilled, grpc Ok,
        headline: "Done, ready for the next entry",
        explanation: "The request has succeeded, and the form can be cleared.",
        causes: ["a form for entering one record after another"],
        advice: "Clear the form and continue with the next entry.",
    }

    206 "Partial Content" [RFC 9110 "15.3.7"] {
        Fulfilled, grpc Ok,
        headline: "Part of the content",
        explanation: "Only a part of the content was asked for, and this is that part.",
        causes: ["a download that is resumed", "a player that jumps to another place in a video"],
        advice: "You don't need to do anything. Browsers and players put the parts together.",
        for_developers: "Content-Range gives the position of this part. In a multipart response each part has its \
            own.",
    }

    207 "Multi-Status" [RFC 4918 "11.1"] {
        Fulfilled, grpc Ok,
        headline: "Several results",
        explanation: "The request was about several things, and each of them has its own result.",
        causes: ["a request for a whole folder"],
        advice: "Look at each result. Some of them may have failed.",
        for_developers: "The content has a status for each resource. Some of them may be errors.",
    }

    208 "Already Reported" [RFC 5842 "7.1"] {
        Fulfilled, grpc Ok,
        headline: "Already listed",
        explanation: "These items are listed earlier in the same response and are not repeated.",
        causes: ["a folder that can be reached in more than one way"],
        advice: "Use the earlier list.",
        for_developers: "The members of this collection are enumerated earlier in the same multi-status response.",
    }

    226 "IM Used" [RFC 3229 "10.4.1"] {
        Fulfilled, grpc Ok,
        headline: "Only the changes",
        explanation: "The request has succeeded, and the content was sent in a shorter form that your program \
            understands, such as the changes since an earlier version.",
        causes: ["a program that asks for changes instead of the whole content"],
        advice: "You don't need to do anything. The program puts the content together.",
        for_developers: "The content is the result of the instance manipulations in the IM field.",
    }
};

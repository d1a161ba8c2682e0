//! The route set of a dialog: the proxies that asked to stay on the way (RFC 3261 section 12.1).

use std::net::SocketAddr;

use crate::header::{HeaderError, HeaderName, Headers, NameAddr, RecordRoute};
use crate::text::Text;
use crate::uri::Uri;

/// Proxies to pass, nearest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct RouteSet {
    routes: Vec<NameAddr>,
}

impl RouteSet {
    /// The route set of the side that received the request: its Record-Route in order.
    pub(crate) fn of_callee(request: &Headers) -> Result<Self, HeaderError> {
        let routes = request.typed_all::<RecordRoute>()?.into_iter().map(|route| route.0).collect();
        Ok(Self { routes })
    }

    /// The route set of the side that sent the request: the Record-Route of the response, reversed.
    pub(crate) fn of_caller(response: &Headers) -> Result<Self, HeaderError> {
        let mut set = Self::of_callee(response)?;
        set.routes.reverse();
        Ok(set)
    }

    /// The proxies that a request outside of any dialog has to pass (RFC 3261 section 8.1.1.1).
    pub(crate) fn preloaded(routes: &[NameAddr]) -> Self {
        Self { routes: routes.to_vec() }
    }

    /// The Request-URI of a request to `target`, and the Route header fields that go with it (RFC 3261
    /// section 12.2.1.1).
    pub(crate) fn apply(&self, target: &Uri, headers: &mut Headers) -> Uri {
        let Some(first) = self.routes.first() else { return target.clone() };
        if is_loose(first) {
            for route in &self.routes {
                headers.push(HeaderName::Route, Text::from(route.to_string()));
            }
            return target.clone();
        }
        for route in &self.routes[1..] {
            headers.push(HeaderName::Route, Text::from(route.to_string()));
        }
        headers.push(HeaderName::Route, Text::from(NameAddr::new(target.clone()).to_string()));
        // What a Request-URI may not hold (RFC 3261 section 19.1.1).
        let mut uri = first.uri.clone();
        uri.params.remove("method");
        uri.headers.clear();
        uri
    }

    /// The address of the nearest proxy, when its URI names one.
    pub(crate) fn next_hop(&self) -> NextHop {
        match self.routes.first() {
            None => NextHop::Target,
            Some(route) => route.uri.socket_address().map_or(NextHop::Unresolved, NextHop::Address),
        }
    }
}

/// Where a request within a dialog goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NextHop {
    /// To the remote target: there is no proxy.
    Target,
    /// To this address.
    Address(SocketAddr),
    /// To a name, which the dialog cannot look up.
    Unresolved,
}

fn is_loose(route: &NameAddr) -> bool {
    route.uri.params.contains("lr")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(record_routes: &[&'static str]) -> Headers {
        let mut headers = Headers::new();
        for route in record_routes {
            headers.push(HeaderName::RecordRoute, Text::from_static(route));
        }
        headers
    }

    fn applied(set: &RouteSet) -> (String, Vec<String>) {
        let target: Uri = "sip:ann@192.0.2.1".parse().expect("a URI");
        let mut headers = Headers::new();
        let uri = set.apply(&target, &mut headers);
        (uri.to_string(), headers.get_all(&HeaderName::Route).map(|route| route.to_string()).collect())
    }

    /// RFC 3261 section 12.1: in order on one side, reversed on the other, over lines and comma lists alike.
    #[test]
    fn the_two_sides_pass_the_proxies_in_opposite_order() {
        let headers =
            headers(&["<sip:p1.example.com;lr>, <sip:p2.example.com;lr>", "<sip:p3.example.com;lr>"]);
        let callee = RouteSet::of_callee(&headers).expect("a route set");
        let caller = RouteSet::of_caller(&headers).expect("a route set");
        let (uri, mut routes) = applied(&callee);
        assert_eq!(uri, "sip:ann@192.0.2.1");
        assert_eq!(routes, ["<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>", "<sip:p3.example.com;lr>"]);
        routes.reverse();
        assert_eq!(applied(&caller).1, routes);
    }

    /// RFC 3261 section 12.2.1.1: a strict router finds itself in the Request-URI and the target at the end.
    #[test]
    fn a_strict_router_becomes_the_request_uri() {
        let headers = headers(&["<sip:p1.example.com>", "<sip:p2.example.com;lr>"]);
        let (uri, routes) = applied(&RouteSet::of_callee(&headers).expect("a route set"));
        assert_eq!(uri, "sip:p1.example.com");
        assert_eq!(routes, ["<sip:p2.example.com;lr>", "<sip:ann@192.0.2.1>"]);
    }

    #[test]
    fn without_proxies_the_target_is_the_next_hop() {
        let set = RouteSet::default();
        assert_eq!(set.next_hop(), NextHop::Target);
        assert_eq!(applied(&set), ("sip:ann@192.0.2.1".to_owned(), vec![]));
    }
}

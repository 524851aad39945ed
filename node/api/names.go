package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// checkHost refuses requests to a name that is not this server's, as a web
// page makes them whose own name was pointed at this machine.
func checkHost(r *http.Request, addr net.Addr) (*net.TCPAddr, *refusal) {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return nil, &refusal{http.StatusForbidden, "this API is served on TCP and unix sockets alone"}
	}
	if !isOurs(r.Host, tcp.Port) {
		return nil, &refusal{http.StatusMisdirectedRequest, "the Host header must name this machine by a loopback address or localhost, with the API's port"}
	}
	return tcp, nil
}

// checkOrigin refuses requests that a page of another site caused.
func checkOrigin(r *http.Request, port int) *refusal {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return &refusal{http.StatusForbidden, "requests from pages of other sites are refused"}
	}
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return nil
	}
	u, err := url.Parse(origins[0])
	if err != nil || len(origins) > 1 || u.Scheme != "http" || !isOurs(u.Host, port) {
		return &refusal{http.StatusForbidden, "the Origin header names another site"}
	}
	return nil
}

// isOurs reports whether hostport names this machine alone, and the port.
func isOurs(hostport string, port int) bool {
	host, p, err := net.SplitHostPort(hostport)
	if err != nil {
		host, p = strings.Trim(hostport, "[]"), "80"
	}
	if p != strconv.Itoa(port) {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Zone() == "" && ip.Unmap().IsLoopback()
}

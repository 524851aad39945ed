package button

import _ "embed"

var (
	//go:embed r-button.js
	script string
	//go:embed about.html
	about string
	//go:embed frame.html
	frameHTML string
	//go:embed frame.css
	frameCSS string
	//go:embed frame.js
	frameJS string
)

// Script returns r-button.js, at most 4 KiB, which a vendor's page embeds:
//
//	<script src="/r-button.js" data-vendor="did:webvh:…"></script>
//
// data-node is the visitor's node (http://127.0.0.1:7117 unless told
// otherwise), data-at a selector of the element to put the button into (else
// it follows the script), data-about a page that explains it (else
// r-button.html beside the script). It works under a Content-Security-Policy
// with the script's origin in script-src and the node's in frame-src and
// connect-src; it needs neither inline script nor inline style.
//
// The script asks the node whether it is there, in a request whose answer a
// page can't read, and if so puts in a sandboxed frame (Frame). It passes on
// what the visitor chose to tell as an event "r-button" of the element
// span.r-button, with the state's word as its detail. The page could write
// such an event itself: it is an answer to the page, not a proof to others.
//
// Browsers guard this machine from pages. Chromium asks its user before a
// public page may reach it (Local Network Access, from version 142), and
// gives a page without TLS no way at all; the script then waits until the
// visitor presses the symbol. Safari lets no https page reach http on this
// machine. Where the node can't be reached, the outlined symbol stays and
// links to the explanation.
func Script() []byte { return []byte(script) }

// About returns the page that explains the r-button to one who has no node.
func About() []byte { return []byte(about) }

package main

import (
	"io"
	"reflect"
	"time"

	"github.com/alecthomas/kong"
)

// What the process exits with.
const (
	exitOK      = 0
	exitFailed  = 1
	exitUsage   = 2
	exitNoNode  = 3
	description = `Parley: relate to any vendor on your own terms, with nobody in the middle.

A node is started with "parley up" and keeps everything in one folder; the
other commands speak to the node running there. The folder is the one that
--home or PARLEY_HOME names, else parley in $XDG_DATA_HOME, else, on every
system, .local/share/parley in the home folder ("parley status" shows it). A relationship, an offer or a
statement is named by its id or by the last characters of it, as lists show it;
a relationship also by the other side's name, if there is one such.

Exit codes: 0 it worked; 1 it failed, was refused or does not hold; 2 the
command line is wrong; 3 no node is running.`
)

// cli is the whole command line.
type cli struct {
	Home    string           `help:"The node's data folder; ~/.local/share/parley when left out." env:"PARLEY_HOME" placeholder:"DIR" type:"path"`
	JSON    bool             `help:"Answer in JSON." name:"json"`
	Version kong.VersionFlag `help:"Show the program's version." name:"version"`

	nodeCommands
	wantCommands
	termsCommands
	cardCommands
	dataCommands
	channelCommands
	VendorGroup vendorGroupCmd `cmd:"" name:"vendor" group:"vendor" help:"What a vendor's node sells, accepts, answers and sends."`
	Demo        demoCmd        `cmd:"" group:"try" help:"Watch one person and five vendors deal with each other, a process each."`
	Market      marketCmd      `cmd:"" group:"try" help:"Play published markets through real nodes."`
}

// The commands, a group of the help each.
type (
	nodeCommands struct {
		Up          upCmd         `cmd:"" group:"node" help:"Run a node until interrupted."`
		Status      statusCmd     `cmd:"" group:"node" help:"Show the running node at a glance."`
		Events      eventsCmd     `cmd:"" group:"node" help:"Show what happened, and with --follow what happens."`
		Peer        peerCmd       `cmd:"" group:"node" help:"Connect to other nodes."`
		Invite      inviteCmd     `cmd:"" group:"node" help:"Invite another node: a link and a QR code."`
		Join        joinCmd       `cmd:"" group:"node" help:"Open an invitation."`
		Outbox      outboxCmd     `cmd:"" group:"node" help:"List the letters your node has sent and where they stand."`
		Passphrase  passphraseCmd `cmd:"" group:"node" help:"Set, change or remove the passphrase of the node's keys."`
		ShowVersion versionCmd    `cmd:"" name:"version" group:"node" help:"Show the program's version and what it was built with."`
		ShowHelp    helpCmd       `cmd:"" name:"help" group:"node" help:"Show the help of a command."`
	}
	wantCommands struct {
		Cast     castCmd     `cmd:"" group:"want" help:"Tell the market what you want."`
		Intents  intentsCmd  `cmd:"" group:"want" help:"List the intents you cast."`
		Withdraw withdrawCmd `cmd:"" group:"want" help:"Tell the market that an intent no longer stands."`
		Want     wantCmd     `cmd:"" group:"want" help:"Wants that are cast again and again."`
		Extend   extendCmd   `cmd:"" group:"want" help:"Have an intent stay open longer."`
		Fulfil   fulfilCmd   `cmd:"" group:"want" help:"Tell the market that an intent has been met."`
		Offers   offersCmd   `cmd:"" group:"want" help:"List the offers to an intent, best first."`
		Accept   acceptCmd   `cmd:"" group:"want" help:"Accept an offer."`
		Release  releaseCmd  `cmd:"" group:"want" help:"Open private details of an intent to one bidder."`
		Released releasedCmd `cmd:"" group:"want" help:"List the private details of an intent that were opened."`
	}
	termsCommands struct {
		Vendors      vendorsCmd      `cmd:"" group:"terms" help:"List the vendors heard of and what they accept."`
		Proffer      profferCmd      `cmd:"" group:"terms" help:"Put your terms to a vendor."`
		Negotiations negotiationsCmd `cmd:"" group:"terms" help:"List your proffers and what came of them, or show one."`
		Negotiation  negotiationCmd  `cmd:"" group:"terms" help:"Say yes or no to what a vendor named instead."`
		Preferences  preferencesCmd  `cmd:"" group:"terms" help:"Which terms your node agrees to, or refuses, by itself."`
		Terms        termsCmd        `cmd:"" group:"terms" help:"The roster of agreements: read, compare, import, export."`
		May          mayCmd          `cmd:"" group:"terms" help:"Ask what a vendor may do under a card."`
	}
	cardCommands struct {
		Cards         cardsCmd         `cmd:"" group:"cards" help:"List your relationships."`
		Card          cardCmd          `cmd:"" group:"cards" help:"One relationship: look at it, amend it, prove it, end it."`
		Dispute       disputeCmd       `cmd:"" group:"cards" help:"Judge a dispute's file, without a node or a network."`
		Subscriptions subscriptionsCmd `cmd:"" group:"cards" help:"List what you are subscribed to and what it costs."`
		Agenda        agendaCmd        `cmd:"" group:"cards" help:"List what renews, ends or falls due."`
		Calendar      calendarCmd      `cmd:"" group:"cards" help:"Write those dates for a calendar program."`
		Loyalty       loyaltyCmd       `cmd:"" group:"cards" help:"Programmes you belong to, and your own loyalty to a vendor."`
	}
	dataCommands struct {
		Profile profileCmd `cmd:"" group:"data" help:"Your own data; a change is told to all who have the old value."`
		Changes changesCmd `cmd:"" group:"data" help:"List changes and who has confirmed them, or show one."`
		Undo    undoCmd    `cmd:"" group:"data" help:"Take a change back, and tell those who were told."`
		Share   shareCmd   `cmd:"" group:"data" help:"Give a vendor pieces of your data, for a purpose and a time."`
		Shared  sharedCmd  `cmd:"" group:"data" help:"Show who knows what; at a vendor's node, what it holds."`
		Retract retractCmd `cmd:"" group:"data" help:"Take back what was shared."`
		Demand  demandCmd  `cmd:"" group:"data" help:"Demand that a vendor delete, or hand over, what it holds."`
		Demands demandsCmd `cmd:"" group:"data" help:"List demands and how they stand."`
		Leak    leakCmd    `cmd:"" group:"data" help:"Find out where something that leaked came from."`
	}
	channelCommands struct {
		Channels channelsCmd `cmd:"" group:"channels" help:"List the channels by which vendors reach you."`
		Channel  channelCmd  `cmd:"" group:"channels" help:"Open, close or narrow a channel; say what becomes of what it brings."`
		Inbox    inboxCmd    `cmd:"" group:"channels" help:"List and read what came."`
		Digest   digestCmd   `cmd:"" group:"channels" help:"Read what you chose to read together, and say when."`
	}
)

var groups = []kong.Group{
	{Key: "node", Title: "The node:"},
	{Key: "want", Title: "What you want:"},
	{Key: "terms", Title: "Coming to terms:"},
	{Key: "cards", Title: "Your relationships:"},
	{Key: "data", Title: "Your data and who knows it:"},
	{Key: "channels", Title: "What reaches you:"},
	{Key: "vendor", Title: "For vendors:"},
	{Key: "try", Title: "To try it out:"},
}

// parser returns the command line's grammar over c. exit is called where the
// grammar itself has answered: --help and --version.
func parser(c *cli, out, errOut io.Writer, exit func(int)) *kong.Kong {
	return kong.Must(c, kong.Name("parley"), kong.Description(description), kong.Writers(out, errOut), kong.Exit(exit),
		kong.ExplicitGroups(groups), kong.ShortUsageOnError(), kong.Vars{"version": "parley " + programVersion()},
		kong.TypeMapper(reflect.TypeFor[time.Duration](), kong.MapperFunc(decodeSpan)),
		kong.ConfigureHelp(kong.HelpOptions{NoExpandSubcommands: true, Compact: true, WrapUpperBound: 80}))
}

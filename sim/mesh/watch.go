package mesh

import "time"

// watch is what nodes know of each other's conduct; filled in next.
type watch struct{ rules struct{ mend float32 } }

func (w *watch) honest(int32) bool            { return true }
func (w *watch) claims(int32) bool            { return true }
func (w *watch) score(*Mesh, int32) float32   { return 0 }
func (w *watch) grafted(int32, time.Duration) {}
func (w *watch) passed(*Mesh)                 {}
func (w *watch) court(*Mesh)                  {}
func (w *watch) deaf(*Mesh, int32) bool       { return false }
func (w *watch) gossips(*Mesh, int32) bool    { return true }
func (w *watch) pushed(int32, bool)           {}
func (w *watch) learn(*Mesh, int32)           {}

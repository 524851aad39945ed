package scenario

// Explained are the paths that have a meaning written for them.
func Explained() (paths []string) {
	for _, part := range explanations() {
		for _, a := range part {
			paths = append(paths, a.path)
		}
	}
	return paths
}

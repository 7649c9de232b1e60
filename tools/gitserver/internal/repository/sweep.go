package repository

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// unfinished begins the name of a repository that is being made.
const unfinished = ".new-"

// sweep finds the repositories, and removes the locks and the objects of pushes that were killed: git leaves both to
// whoever knows that nobody is at work, which is known here.
func (s *Store) sweep() ([]string, error) {
	var names []string
	err := filepath.WalkDir(s.dir, func(path string, entry fs.DirEntry, err error) error {
		name, relErr := filepath.Rel(s.dir, path)
		switch {
		case relErr != nil:
			return relErr
		case name == ".":
			return err
		case !entry.IsDir():
			return nil
		case strings.HasPrefix(entry.Name(), unfinished):
			if err := s.remove(path); err != nil {
				return err
			}
			return fs.SkipDir
		case Valid(filepath.ToSlash(name)):
			names = append(names, filepath.ToSlash(name))
			return s.sweepOne(path)
		case !nameForm.MatchString(filepath.ToSlash(name)):
			return fs.SkipDir // such as lost+found, which belongs to the file system
		}
		return err
	})
	return names, err
}

// sweepOne cleans one repository. It ends with SkipDir, for nothing below is another.
func (s *Store) sweepOne(dir string) error {
	leftovers, err := filepath.Glob(filepath.Join(dir, "objects", "*incoming-*"))
	if err != nil {
		return err
	}
	locks, err := filepath.Glob(filepath.Join(dir, "*.lock"))
	if err != nil {
		return err
	}
	leftovers = append(leftovers, locks...)
	// No reference can be called so: git check-ref-format refuses a name that ends in .lock.
	err = filepath.WalkDir(filepath.Join(dir, "refs"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".lock") {
			leftovers = append(leftovers, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, path := range leftovers {
		if err := s.remove(path); err != nil {
			return err
		}
	}
	return fs.SkipDir
}

func (s *Store) remove(path string) error {
	s.log.Warn("removing what a killed push has left", "path", path)
	return os.RemoveAll(path)
}

package source

import (
	"testing"
)

func TestListsAreTakenApart(t *testing.T) {
	t.Parallel()
	res := mustRender(t, folderOf(t, "x.yaml", `apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
- {apiVersion: v1, kind: Secret, metadata: {name: b}}
---
apiVersion: v1
kind: ConfigMapList
items: []
`))
	wantNames(t, res, "ConfigMap/a", "Secret/b")
	wantNoNotes(t, res)
	if it := res.Items[1]; it.File != "app/x.yaml" || it.Line != 1 {
		t.Errorf("at %s:%d", it.File, it.Line)
	}
}

func TestListInAListStays(t *testing.T) {
	t.Parallel()
	res := mustRender(t, folderOf(t, "x.yaml", `apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: ConfigMap}]}
`))
	wantNames(t, res, "List/")
}

func TestNullListIsDropped(t *testing.T) {
	t.Parallel()
	res := mustRender(t, folderOf(t, "x.yaml", "apiVersion: v1\nkind: ConfigMapList\nitems: null\n"))
	wantNames(t, res)
	wantNote(t, res, "app/x.yaml", "items: null")
	res = mustRender(t, folderOf(t, "x.yaml", "apiVersion: x.io/v1\nkind: Thing\nitems: null\nspec: {}\n"))
	wantNames(t, res, "Thing/")
}

func TestObjectWithItemsIsTakenForAList(t *testing.T) {
	t.Parallel()
	res := mustRender(t, folderOf(t, "x.yaml", "apiVersion: x.io/v1\nkind: Menu\nmetadata: {name: lunch}\nitems: []\n"))
	wantNames(t, res)
	wantNote(t, res, "app/x.yaml", "Menu lunch", "only its 0 items")
}

func TestBrokenListItemsNameFileAndIndex(t *testing.T) {
	t.Parallel()
	wantError(t, folderOf(t, "x.yaml", "\napiVersion: v1\nkind: List\nitems: [{apiVersion: v1}]\n"), "app/x.yaml:2: items[0] of the list has no kind")
	wantError(t, folderOf(t, "x.yaml", "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: A}, 5]\n"), "app/x.yaml:1: items[1] of the list is no object")
	wantError(t, folderOf(t, "x.yaml", "apiVersion: v1\nkind: List\nitems: [{kind: A}]\n"), "items[0] of the list has no apiVersion")
}

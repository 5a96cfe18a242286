# SPDX-License-Identifier: MIT
# What a system needs to run the daemon as a service.
MADE_SYSTEM_FILES = %D%/musterd.service %D%/musterd.apparmor

systemdsystemunit_DATA = %D%/musterd.service
EXTRA_DIST += $(MADE_SYSTEM_FILES:=.in) %D%/muster.sysusers %D%/muster.tmpfiles %D%/muster.logrotate
EXTRA_DIST += etc/debian/build etc/debian/changelog etc/debian/control etc/debian/copyright etc/debian/rules \
	etc/debian/source/format etc/debian/libmuster-dev.install etc/debian/muster-tools.install \
	etc/debian/musterd.install
noinst_DATA = %D%/musterd.apparmor
CLEANFILES += $(MADE_SYSTEM_FILES)

$(MADE_SYSTEM_FILES): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed -e 's|@sbindir[@]|$(sbindir)|g' -e 's|@configdir[@]|$(configdir)|g' \
	  -e 's|@plugindir[@]|$(plugindir)|g' -e 's|@formatsdir[@]|$(formatsdir)|g' $(srcdir)/$@.in >$@.tmp && mv $@.tmp $@

# With the names that they have where they are read.
install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(sysusersdir)' '$(DESTDIR)$(tmpfilesdir)'
	$(INSTALL_DATA) $(srcdir)/%D%/muster.sysusers '$(DESTDIR)$(sysusersdir)/muster.conf'
	$(INSTALL_DATA) $(srcdir)/%D%/muster.tmpfiles '$(DESTDIR)$(tmpfilesdir)/muster.conf'

uninstall-local:
	rm -f '$(DESTDIR)$(sysusersdir)/muster.conf' '$(DESTDIR)$(tmpfilesdir)/muster.conf'
